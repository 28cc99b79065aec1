// Reads one head and says what could not be met.
// SPDX-License-Identifier: MIT
#include "labs/ch05_03_feature_maps/head.hpp"

#include <algorithm>

#include "labs/common/attention_view.hpp"

namespace alab::ch05_03 {
namespace {

/// The first rows of [rows, dim], times a factor.
Tensor<double> first_rows(const Tensor<double>& x, std::int64_t rows, double factor) {
  Tensor<double> out({rows, x.extent(1)});
  matrix(out) = factor * matrix(x).topRows(rows);
  return out;
}

}  // namespace

Head::Head(const Context& context, std::int64_t seq_len, std::int64_t head_dim, double factor,
           std::uint64_t seed)
    : asked_length_(seq_len), asked_dim_(head_dim) {
  const AttentionInput input =
      context.input.make({1, seq_len, head_dim, head_dim, seed}, context.progress.part(0, 0.3));
  const std::int64_t length = std::min({input.query.extent(1), input.key.extent(1), seq_len});
  query = first_rows(head_in_double(input.query, 0), length, factor);
  key = first_rows(head_in_double(input.key, 0), length, factor);
  value = first_rows(head_in_double(input.value, 0), length, 1);
  tokens = token_labels(input, length);
  description = input.description;
  scale = scale_of(input);
  causal = input.causal;
  real = input.real;
  had_mask_ = !input.mask.empty();
}

Tensor<double> Head::stacked(const Tensor<double>& rows) {
  return Tensor<double>({1, rows.extent(0), rows.extent(1)}, {rows.span().begin(), rows.span().end()});
}

void Head::describe(Result& result) const {
  result.input = description;
  if (query.extent(0) < asked_length_) {
    result.notes.push_back(
        text("This input has ", query.extent(0), " tokens, not the ", asked_length_, " asked for."));
  }
  if (query.extent(1) != asked_dim_) {
    result.notes.push_back(
        text("This head has its own head_dim: ", query.extent(1), ", not ", asked_dim_, "."));
  }
  if (had_mask_) {
    result.notes.push_back(
        "The input's mask is left out here: a state that sums over keys cannot hide one per query.");
  }
  if (real && causal) {
    result.notes.push_back("The model is causal: a query sees itself and what came before.");
  }
}

}  // namespace alab::ch05_03
