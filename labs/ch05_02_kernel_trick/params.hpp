// The knobs of the lab "Kernel trick".
// SPDX-License-Identifier: MIT
#pragma once

#include <array>

#include "reference/core/param.hpp"

namespace alab::kernel_trick {

inline constexpr std::array<std::string_view, 2> kMaps{"elu1", "quadratic"};
inline constexpr std::array<std::string_view, 4> kKernels{"quadratic", "gaussian", "exp", "tanh"};
inline constexpr std::array<std::string_view, 3> kPackingBugs{"no_root", "both_orders", "wrong_index"};
inline constexpr std::array<std::string_view, 3> kApplyBugs{"eps_per_term", "per_feature", "sum_per_column"};

inline constexpr Param kLength =
    int_param("seq_len", "sequence length", "tokens", "Number of queries and keys N.", 256, 8, 1024, true);
inline constexpr Param kHeadDim =
    int_param("head_dim", "head dimension", "elements", "Width d of a query; a real head keeps its own.", 32,
              4, 64, true);
inline constexpr Param kOrderLength =
    int_param("seq_len", "sequence length", "tokens", "Number of queries and keys N.", 512, 16, 1024, true);
inline constexpr Param kOrderDim =
    int_param("head_dim", "head dimension", "elements", "Width d of a query; a real head keeps its own.", 64,
              4, 64, true);
inline constexpr Param kMap = choice_param(
    "map", "feature map", "elu1 keeps the width, m = d; quadratic has m = d (d + 1) / 2 features.", kMaps);

inline constexpr Param kBandwidth =
    real_param("bandwidth", "bandwidth h", "", "Width of the Gaussian kernel: how far a point's say reaches.",
               0.15, 0.05, 2, true);
inline constexpr Param kSamples =
    int_param("points", "points", "points", "Noisy samples of the curve.", 60, 5, 200, true);
inline constexpr Param kNoise =
    real_param("noise", "noise", "", "Standard deviation of the noise on each sample.", 0.2, 0, 1);

inline constexpr Param kPolyDim =
    int_param("head_dim", "dimension d", "elements", "Width of x and y.", 8, 1, 32, true);
inline constexpr Param kPairs = int_param("pairs", "pairs tried", "pairs",
                                          "Random pairs x, y whose kernel is checked.", 1000, 10, 5000, true);
inline constexpr Param kPackingBug =
    choice_param("bug", "wrong map", "Which of the three wrong feature maps is run.", kPackingBugs);

inline constexpr Param kGramPoints =
    int_param("points", "points", "points", "Random points; the Gram matrix has a row for each.", 40, 5, 64);
inline constexpr Param kGramDim =
    int_param("head_dim", "dimension d", "elements", "Width of each point.", 4, 1, 16, true);
inline constexpr Param kKernel =
    choice_param("kernel", "kernel shown", "Whose Gram matrix is drawn.", kKernels, 3);

inline constexpr Param kSpan = real_param(
    "span", "largest |x.y|", "", "The series is judged on x.y from -span to span.", 1, 0.25, 8, true);
inline constexpr Param kSeriesDim =
    int_param("head_dim", "dimension d", "elements", "Width of x; decides how many features a degree costs.",
              64, 1, 128, true);

inline constexpr Param kFourierDim =
    int_param("head_dim", "dimension d", "elements", "Width of the points.", 8, 1, 32, true);
inline constexpr Param kDraws =
    int_param("draws", "draws", "draws", "Independent sets of random features.", 40, 5, 60);

inline constexpr Param kFeatures = int_param("features", "random features D", "features",
                                             "Cosines that stand for the kernel.", 32, 2, 1024, true);
inline constexpr Param kRidgeBandwidth =
    real_param("bandwidth", "bandwidth h", "", "Width of the Gaussian kernel.", 0.15, 0.05, 1, true);
inline constexpr Param kRidgePoints =
    int_param("points", "points", "points", "Noisy samples of the curve.", 100, 20, 150, true);
inline constexpr Param kPenalty =
    real_param("penalty", "ridge penalty", "", "Weight of the squared size of the fit; 0 would interpolate.",
               0.1, 0.001, 10, true);

inline constexpr Param kApplyBug =
    choice_param("bug", "wrong kernel", "Which of the three wrong kernels is run.", kApplyBugs);
inline constexpr Param kBugLength =
    int_param("seq_len", "sequence length", "tokens", "Number of queries and keys N.", 128, 8, 512, true);

inline constexpr std::array<std::string_view, 5> kLadders{"kv_state", "apply_state", "feature_poly2",
                                                          "feature_elu1", "feature_rff"};
inline constexpr Param kLadder = choice_param("op", "ladder", "Which ladder of kernels is run.", kLadders);
inline constexpr Param kLadderLength =
    int_param("seq_len", "sequence length", "tokens", "N of the ladder's problem.", 64, 1, 256, true);
inline constexpr Param kLadderDim = int_param("head_dim", "head dimension", "elements",
                                              "Width d; a real head keeps its own.", 32, 16, 64, true);

}  // namespace alab::kernel_trick
