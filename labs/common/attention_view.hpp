// The current head as labs show it: its score row, its attention map with token labels, its shapes in words.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "labs/lab.hpp"

namespace alab {

/// softmax_scale of the input: the model's own, or 1/sqrt(head_dim).
double scale_of(const AttentionInput& input);

/// scores s_j = scale q_i . k_j of one query of one head over the keys it may see (all, or j <= query when
/// the input is causal); an additive mask is added. Computed in double, rounded to float.
/// @throws Error when head or query is outside the input
std::vector<float> score_row(const AttentionInput& input, std::int64_t head, std::int64_t query);

/// Token labels of the first count positions; "0", "1", ... when the input has none.
std::vector<std::string> token_labels(const AttentionInput& input, std::int64_t count);

/// Attention weights of one head, softmax over the row of scores in double; cells that the query may not see
/// are NaN (drawn as outside). detail holds q.k times the scale. Inputs of more than 512
/// positions are drawn up to there; the weights still sum over all keys.
Heatmap attention_map(const AttentionInput& input, std::int64_t head, std::string key);

}  // namespace alab
