// The five implementations of gated linear attention, run on one problem and judged on it.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <vector>

#include "labs/ch06_01_gla_chunking/gated_head.hpp"

namespace alab::gla_chunking {

inline constexpr std::array<std::string_view, 5> kFormKeys{"recurrent", "naive", "log", "one_level",
                                                           "two_level"};
inline constexpr std::array<std::string_view, 5> kFormNames{
    "recurrent", "naive parallel", "log-space parallel", "one-level chunk", "two-level chunk"};

struct JudgedForm {
  Tensor<float> output;
  double error = 0;  ///< relL2 against double; NaN when anything is not finite
  RowCounts rows;
};

struct FormSizes {
  std::int64_t chunk_size = 64, sub_chunk_size = 16;
};

/// One of the five, by index into kFormKeys.
Tensor<float> run_form(std::size_t form, const GatedLinearAttentionProblem<float>& problem,
                       const FormSizes& sizes, const GatedOptions& options, const Progress& progress);
/// All five, held against the recurrence in double on the same numbers.
std::vector<JudgedForm> run_all_forms(const GatedLinearAttentionProblem<float>& problem,
                                      const FormSizes& sizes, const GatedOptions& options,
                                      const Progress& progress);

}  // namespace alab::gla_chunking
