// Random rows, maps by name and small measures.
// SPDX-License-Identifier: MIT
#include "labs/ch05_03_feature_maps/rows.hpp"

#include <algorithm>
#include <cmath>

namespace alab::ch05_03 {

Tensor<double> normal_rows(std::int64_t rows, std::int64_t dim, double spread, Rng& rng) {
  Tensor<double> out({rows, dim});
  for (double& x : out.span()) {
    x = spread * rng.normal();
  }
  return out;
}

Tensor<double> rows_of_norm(std::int64_t rows, std::int64_t dim, double norm, Rng& rng) {
  Tensor<double> out = normal_rows(rows, dim, 1, rng);
  auto view = matrix(out);
  view.rowwise().normalize();
  view *= norm;
  return out;
}

Tensor<double> scaled(const Tensor<double>& rows, double factor) {
  Tensor<double> out = rows;
  matrix(out) *= factor;
  return out;
}

Tensor<double> head_in_double(const Tensor<float>& tensor, std::int64_t h) {
  Tensor<double> out({tensor.extent(1), tensor.extent(2)});
  matrix(out) = head(tensor, h).cast<double>();
  return out;
}

FeatureMap map_named(std::string_view name, std::int64_t rows, Rows drawn, std::uint64_t seed) {
  FeatureMap map;
  map.kind = feature_kind(name);
  map.rows = rows;
  map.drawn = drawn;
  map.seed = seed;
  return map;
}

FeatureMap plain_map(FeatureKind kind, std::int64_t rows, Rows drawn, std::uint64_t seed) {
  FeatureMap map = map_named(to_string(kind), rows, drawn, seed);
  map.input_scale = 1;
  map.stabilizer = Stabilizer::off;
  return map;
}

WeightMap implicit_map(const FeatureMap& map, const Tensor<double>& query, const Tensor<double>& key,
                       bool causal, std::string name) {
  const FeatureMap drawn = with_drawn(map, query.extent(1));
  return feature_weights(apply_feature_map(drawn, query, Role::query),
                         apply_feature_map(drawn, key, Role::key), causal, RowDivision::by_sum,
                         std::move(name));
}

WeightMap uniform_map(std::int64_t queries, std::int64_t keys, bool causal) {
  const Tensor<double> ones_q({queries, 1}, std::vector<double>(static_cast<std::size_t>(queries), 1));
  const Tensor<double> ones_k({keys, 1}, std::vector<double>(static_cast<std::size_t>(keys), 1));
  return feature_weights(ones_q, ones_k, causal, RowDivision::by_sum, "uniform averaging");
}

RowMatrix<double> output_of(const WeightMap& map, const Tensor<double>& value) {
  return matrix(map.weights) * matrix(value);
}

double rel_l2(const RowMatrix<double>& got, const RowMatrix<double>& truth) {
  const double size = truth.norm();
  return (got - truth).norm() / (size > 0 ? size : 1);
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) {
    sum += v;
  }
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double quantile(std::vector<double> values, double share) {
  require(!values.empty(), "a quantile of no numbers was asked for; give at least one");
  const auto at =
      static_cast<std::ptrdiff_t>(std::floor(share * static_cast<double>(values.size() - 1) + 0.5));
  std::ranges::nth_element(values, values.begin() + at);
  return values[static_cast<std::size_t>(at)];
}

void add_where(Result& result, bool stated_here, std::string_view where_stated, Check check) {
  if (stated_here) {
    result.checks.push_back(std::move(check));
    return;
  }
  result.notes.push_back(text("Not checked here: \"", check.label, "\" is stated for ", where_stated, "."));
}

}  // namespace alab::ch05_03
