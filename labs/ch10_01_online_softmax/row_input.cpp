// Rows of scores and the truth they are held against.
// SPDX-License-Identifier: MIT
#include "labs/ch10_01_online_softmax/row_input.hpp"

#include <algorithm>

#include "labs/ch10_01_online_softmax/forms.hpp"
#include "labs/common/attention_view.hpp"
#include "reference/core/compare.hpp"

namespace alab::ch10_01 {

Row current_row(const Context& context, std::int64_t cols, std::int64_t query, std::uint64_t seed) {
  const auto& synthetic = synthetic_inputs();
  const bool named =
      std::ranges::any_of(synthetic, [&](const auto& s) { return s.name == context.input.name; });
  Row row;
  if (named) {
    const Tensor<float> scores = synthetic_rows(context.input.name, 1, cols, seed);
    row.scores.assign(scores.span().begin(), scores.span().end());
    row.description = text(context.input.label, ": one row of ", cols, " scores, seed ", seed);
    row.labels = token_labels({}, cols);
    return row;
  }
  row.head = context.input.make({.heads = 1, .seq_len = cols, .seed = seed}, context.progress.part(0, 0.5));
  const std::int64_t position = std::min(query, row.head.query.extent(1) - 1);
  row.scores = score_row(row.head, 0, position);
  require(!row.scores.empty(), "query ", position, " of this input sees no key; choose a later query");
  row.labels = token_labels(row.head, static_cast<std::int64_t>(row.scores.size()));
  row.description = text(row.head.description, ", query ", position);
  return row;
}

std::vector<double> in_double(const std::vector<float>& row) {
  return {row.begin(), row.end()};
}

double rel_l2(const std::vector<float>& got, const std::vector<double>& truth) {
  return difference<float>(got, truth).rel_l2;
}

std::vector<double> true_softmax(const std::vector<float>& row) {
  std::vector<double> x = in_double(row), y(row.size());
  safe_softmax<double>(PlainRow<double>{x.data()}, PlainRow<double>{y.data()},
                       static_cast<std::int64_t>(x.size()));
  return y;
}

}  // namespace alab::ch10_01
