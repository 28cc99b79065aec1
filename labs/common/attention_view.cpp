// Score rows and attention maps of one head, in double.
// SPDX-License-Identifier: MIT
#include "labs/common/attention_view.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/core/eigen_view.hpp"

namespace alab {
namespace {

constexpr std::int64_t kLargestMap = 512;  // positions drawn per side: a quarter of a million cells

void require_head(const AttentionInput& input, std::int64_t head) {
  require(head >= 0 && head < input.query.extent(0), "head ", head,
          " is outside this input, which has heads 0 .. ", input.query.extent(0) - 1);
}

/// Scores of one query over all keys, in double, mask added; not cut by causality.
Eigen::VectorXd scores(const AttentionInput& input, std::int64_t h, std::int64_t query) {
  const Eigen::VectorXd q = head(input.query, h).row(query).cast<double>().transpose();
  Eigen::VectorXd row = scale_of(input) * (head(input.key, h).cast<double>() * q);
  if (!input.mask.empty()) {
    row += matrix(input.mask).row(query).cast<double>().transpose();
  }
  return row;
}

/// Keys that a query may see: all, or up to its own position, aligned at the bottom right.
std::int64_t keys_seen(const AttentionInput& input, std::int64_t query) {
  const std::int64_t keys = input.key.extent(1);
  return input.causal ? std::clamp<std::int64_t>(query + 1 + keys - input.query.extent(1), 0, keys) : keys;
}

}  // namespace

double scale_of(const AttentionInput& input) {
  return input.softmax_scale != 0 ? input.softmax_scale
                                  : 1 / std::sqrt(static_cast<double>(input.query.extent(2)));
}

std::vector<float> score_row(const AttentionInput& input, std::int64_t head, std::int64_t query) {
  require_head(input, head);
  require(query >= 0 && query < input.query.extent(1), "query ", query,
          " is outside this input, which has positions 0 .. ", input.query.extent(1) - 1);
  const Eigen::VectorXd all = scores(input, head, query);
  return {all.data(), all.data() + keys_seen(input, query)};
}

std::vector<std::string> token_labels(const AttentionInput& input, std::int64_t count) {
  std::vector<std::string> labels;
  for (std::int64_t i = 0; i < count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    labels.push_back(at < input.tokens.size() ? input.tokens[at] : std::to_string(i));
  }
  return labels;
}

Heatmap attention_map(const AttentionInput& input, std::int64_t head, std::string key) {
  require_head(input, head);
  const float outside = std::numeric_limits<float>::quiet_NaN();
  Heatmap map;
  map.key = std::move(key);
  map.rows = std::min(input.query.extent(1), kLargestMap);
  map.cols = std::min(input.key.extent(1), kLargestMap);
  map.values.assign(static_cast<std::size_t>(map.rows * map.cols), outside);
  map.detail = map.values;
  for (std::int64_t i = 0; i < map.rows; ++i) {
    const Eigen::VectorXd row = scores(input, head, i);
    const std::int64_t seen = keys_seen(input, i);
    const double top = seen > 0 ? row.head(seen).maxCoeff() : -std::numeric_limits<double>::infinity();
    const double sum = std::isinf(top) ? 0 : (row.head(seen).array() - top).exp().sum();
    for (std::int64_t j = 0; j < std::min(seen, map.cols); ++j) {
      const auto cell = static_cast<std::size_t>(i * map.cols + j);
      map.values[cell] = sum > 0 ? static_cast<float>(std::exp(row[j] - top) / sum) : 0.0F;
      map.detail[cell] = static_cast<float>(row[j]);
    }
  }
  const bool cut = map.rows < input.query.extent(1) || map.cols < input.key.extent(1);
  map.title = text("Attention weights", input.query.extent(0) > 1 ? text(" of head ", head) : "",
                   cut ? text(", first ", kLargestMap, " positions") : "");
  map.note =
      "Row: the query that looks. Column: the key it looks at. Every row sums to 1; blank cells are masked.";
  map.value_label = "weight";
  map.detail_label = "score (scale x q.k)";
  map.row = {"query", input.tokens.empty() ? "position" : "token", false};
  map.col = {"key", input.tokens.empty() ? "position" : "token", false};
  map.row_labels = token_labels(input, map.rows);
  map.col_labels = token_labels(input, map.cols);
  map.provenance = {Provenance::measured, text("softmax in double on ", cpu_name(), "; ", input.description)};
  return map;
}

}  // namespace alab
