// Tables 1 and 2 of Long Range Arena as printed, and what later papers printed for the same tasks.
// Source: Tay et al. 2021, arXiv:2011.04006; Gu et al. 2022, arXiv:2111.00396, tables 3 and 4.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

namespace alab::complexity {

inline constexpr std::array<double, 4> kLraLengths{1024, 2048, 3072, 4096};  // printed as 1K .. 4K

/// Table 2: training steps per second and gigabytes per device, byte-level text, batch 32, 4 x 4 TPU v3.
struct LraCost {
  std::string_view method;
  std::array<double, 4> steps_per_second, gigabytes;
};
inline constexpr std::array<LraCost, 9> kLraCosts{{
    {"Transformer", {8.1, 4.9, 2.3, 1.4}, {0.85, 2.65, 5.51, 9.48}},
    {"Local", {9.2, 8.4, 7.4, 7.4}, {0.42, 0.76, 1.06, 1.37}},
    {"Linformer", {9.3, 9.1, 8.5, 7.7}, {0.37, 0.55, 0.99, 0.99}},
    {"Reformer", {4.4, 2.2, 1.5, 1.1}, {0.48, 0.99, 1.53, 2.28}},
    {"Sinkhorn", {9.1, 7.9, 6.6, 5.3}, {0.47, 0.83, 1.13, 1.48}},
    {"Synthesizer", {8.7, 5.7, 6.6, 1.9}, {0.65, 1.98, 4.09, 6.99}},
    {"BigBird", {7.4, 3.9, 2.7, 1.5}, {0.77, 1.49, 2.18, 2.88}},
    {"Linear", {9.1, 9.3, 8.6, 7.8}, {0.37, 0.57, 0.80, 1.03}},
    {"Performer", {9.5, 9.4, 8.7, 8.0}, {0.37, 0.59, 0.82, 1.06}},
}};

/// Table 1: accuracy on ListOps, Text, Retrieval, Image, Pathfinder, and the average as printed.
struct LraAccuracy {
  std::string_view method;
  std::array<double, 5> scores;
  double printed_average;
};
inline constexpr std::array<LraAccuracy, 11> kLraAccuracies{{
    {"Transformer", {36.37, 64.27, 57.46, 42.44, 71.40}, 54.39},
    {"Local", {15.82, 52.98, 53.39, 41.46, 66.63}, 46.06},
    {"Sparse", {17.07, 63.58, 59.59, 44.24, 71.71}, 51.24},
    {"Longformer", {35.63, 62.85, 56.89, 42.22, 69.71}, 53.46},
    {"Linformer", {35.70, 53.94, 52.27, 38.56, 76.34}, 51.36},
    {"Reformer", {37.27, 56.10, 53.40, 38.07, 68.50}, 50.67},
    {"Sinkhorn", {33.67, 61.20, 53.83, 41.23, 67.45}, 51.39},
    {"Synthesizer", {36.99, 61.68, 54.67, 41.61, 69.45}, 52.88},
    {"BigBird", {36.05, 64.02, 59.29, 40.83, 74.87}, 55.01},
    {"Linear", {16.13, 65.90, 53.09, 42.34, 75.30}, 50.55},
    {"Performer", {18.01, 65.40, 53.82, 42.77, 77.05}, 51.41},
}};

/// S4, table 3: training speed over a Transformer's at 1024 and 4096 tokens.
struct S4Speed {
  std::string_view method;
  std::array<double, 2> speed_up;
};
inline constexpr std::array<double, 2> kS4Lengths{1024, 4096};
inline constexpr std::array<S4Speed, 2> kS4Speeds{{{"Performer", {1.23, 3.79}}, {"Linear", {1.58, 5.35}}}};

inline constexpr std::string_view kLraTable1 = "Tay et al. 2021, arXiv:2011.04006, Table 1",
                                  kLraTable2 =
                                      "Tay et al. 2021, arXiv:2011.04006, Table 2 (whole model, "
                                      "batch 32, 4 x 4 TPU v3)",
                                  kS4Table3 = "Gu et al. 2022, arXiv:2111.00396, Table 3",
                                  kS4Table4 = "Gu et al. 2022, arXiv:2111.00396, Table 4";

}  // namespace alab::complexity
