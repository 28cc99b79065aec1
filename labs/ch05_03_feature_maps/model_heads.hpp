// FAVOR+ and elu + 1 on heads of the language model: how far their outputs are from softmax's, head by head.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string>
#include <vector>

#include "labs/ch05_03_feature_maps/rows.hpp"

namespace alab::ch05_03 {

/// Random rows at which outputs are compared. Real heads stop at kRealCount of them: their cost is 30 layers.
inline constexpr std::array<std::int64_t, 5> kSweepRows{16, 64, 256, 1024, 4096};
inline constexpr std::size_t kRealCount = 4;

/// What one head, or one random stand-in, says.
struct HeadErrors {
  std::int64_t layer = -1, index = -1;
  std::vector<double> favor;  ///< relL2 of the output for each M, orthogonal rows, stabilised
  double elu1 = 0, mean = 0;  ///< relL2 of elu + 1, and of the plain average of the values seen
  double largest_score = 0;   ///< max |scale q.k| over the pairs a query may see
  double typical_sum = 0;     ///< median of |x + y|^2 over the same pairs, x = sqrt(scale) q
};

/// The matrices W for the first `count` of kSweepRows, drawn once for all heads of this head_dim.
std::vector<Tensor<double>> draw_sweep(std::int64_t head_dim, std::size_t count, std::uint64_t seed);

/// @param query, key, value [tokens, dim]
HeadErrors errors_of(const Tensor<double>& query, const Tensor<double>& key, const Tensor<double>& value,
                     double scale, bool causal, const std::vector<Tensor<double>>& draws,
                     const Progress& progress);

/// Heads of every layer on one text. When unavailable is not empty, heads is.
struct ModelHeads {
  std::string unavailable;  ///< why there is no model, and the command that mends it
  std::string description;  ///< which text, how many tokens
  std::int64_t tokens = 0;
  std::vector<HeadErrors> heads;
};
/// Reads the text of the input when it is a head of the model, else a passage of Alice in Wonderland (or the
/// workbook's own sentence when the book is not installed).
ModelHeads model_heads(const Context& context, std::int64_t seq_len, std::int64_t heads_per_layer,
                       const std::vector<Tensor<double>>& draws, const Progress& progress);

/// log10 of the rows M that lemma 2 asks for, so that a positive estimate at |x + y|^2 is off by 10 %:
/// M = (e^{|x+y|^2} - 1) / 0.1^2.
double rows_needed_log10(double sum_square);

}  // namespace alab::ch05_03
