// One head with gates: q, k, v from the input, log decays from a named source, and where its decays leave a
// number format. SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <string>

#include "labs/lab.hpp"
#include "reference/gated_linear_attention.hpp"

namespace alab::gla_chunking {

/// Log decays [1, N, dk] as the parameters gates, alpha_low, alpha_high, temperature say.
Tensor<float> drawn_log_decay(const ParamSet& params, std::int64_t seq_len, std::int64_t head_dim,
                              std::uint64_t seed);
/// The same log decay everywhere: [1, N, dk].
Tensor<float> constant_gates(double alpha, std::int64_t seq_len, std::int64_t head_dim);
/// "uniform between 0.5 and 0.9": for titles and descriptions.
std::string words_of_gates(const ParamSet& params);

/// Head 0 of an input, at most seq_len tokens.
struct GatedHead {
  AttentionInput input;
  GatedLinearAttentionProblem<float> problem;

  std::int64_t seq_len() const { return problem.query.extent(1); }
  std::int64_t head_dim() const { return problem.query.extent(2); }
  std::int64_t head_dim_v() const { return problem.value.extent(2); }
  /// "token 842 'fox'", or "token 842".
  std::string token(std::int64_t position) const;
};
/// Reads the input; gates are filled in by the caller.
GatedHead read_head(const Context& context, std::int64_t seq_len, std::int64_t head_dim, std::uint64_t seed);
/// The head cut to its first key and value channels.
GatedHead first_channels(GatedHead head, std::int64_t channels);
/// q, k, v from N(0, 1), the input that the course's figures are stated for.
GatedHead normal_head(std::int64_t seq_len, std::int64_t head_dim, std::uint64_t seed);
/// The same problem in double: every form is judged on the very numbers that it was given.
GatedLinearAttentionProblem<double> in_double(const GatedLinearAttentionProblem<float>& problem);

/// The first cell whose k / b is not finite: the cause of the first NaN of a form that divides by b.
struct Break {
  std::int64_t token = 0, channel = 0;
  std::int64_t chunk_start = 0;  ///< b starts again here
  float log_before = 0;          ///< cumulative log gate one token earlier
  float log_here = 0;            ///< and at the break
};
/// Follows head 0 in float, b starting again every chunk_size tokens (N: the naive form). full: k / b as it
/// stands; a narrow format: b, 1/b and k (1/b) are rounded to it. Nothing when no cell breaks.
std::optional<Break> first_break(const GatedLinearAttentionProblem<float>& problem, std::int64_t chunk_size,
                                 NumberFormat format = NumberFormat::full);
/// Its token; -1: no cell breaks.
std::int64_t token_of(const std::optional<Break>& found);

/// Tokens whose output has a NaN, and tokens with an inf but no NaN; error over the rest of no use then.
struct RowCounts {
  std::int64_t nan_rows = 0, inf_rows = 0;
  std::int64_t first = -1;  ///< first row that is not finite; -1: none
  std::int64_t broken() const { return nan_rows + inf_rows; }
};
RowCounts count_rows(const Tensor<float>& output);
/// ||got - truth|| / ||truth|| of each row [1, N, dv]; NaN where got is not finite, absolute where truth is
/// 0.
std::vector<double> row_errors(const Tensor<float>& got, const Tensor<double>& truth);
/// relL2 over everything: NaN when anything is not finite.
double error_of(const Tensor<float>& got, const Tensor<double>& truth);

/// The largest of the errors; NaN as soon as one is NaN.
double worst_of(const std::vector<double>& errors);

/// A table of two lines: the cell that breaks first and the one before it; of none when nothing breaks.
Table break_table(const GatedHead& head, const std::optional<Break>& found,
                  NumberFormat format = NumberFormat::full);

}  // namespace alab::gla_chunking
