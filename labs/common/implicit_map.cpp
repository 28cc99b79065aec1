// Forms the weights that linear, feature-mapped and gated models apply, and measures their rows.
// SPDX-License-Identifier: MIT
#include "labs/common/implicit_map.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "labs/common/attention_view.hpp"
#include "reference/core/eigen_view.hpp"

namespace alab {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

std::span<const double> row_of(const Tensor<double>& t, std::int64_t i) {
  return t.span().subspan(static_cast<std::size_t>(i * t.extent(1)), static_cast<std::size_t>(t.extent(1)));
}

/// In order: a vectorised sum would depend in its last digit on where the row lies in memory.
template <class Row>
double sum_in_order(const Row& row) {
  double sum = 0;
  for (Eigen::Index j = 0; j < row.size(); ++j) {
    sum += row[j];
  }
  return sum;
}

/// Zeroes what is not seen, keeps the products and divides the rows if asked to.
void finish(WeightMap& map, RowDivision division) {
  auto products = matrix(map.products);
  for (std::int64_t i = 0; i < products.rows(); ++i) {
    products.row(i).tail(products.cols() - map.seen(i)).setZero();
  }
  map.weights = map.products;
  if (division == RowDivision::none) {
    return;
  }
  auto weights = matrix(map.weights);
  for (std::int64_t i = 0; i < products.rows(); ++i) {
    const std::int64_t seen = map.seen(i);
    map.denominator.push_back(sum_in_order(products.row(i).head(seen)));
    weights.row(i).head(seen) /= map.denominator.back();
  }
}

WeightMap empty_map(std::int64_t queries, std::int64_t keys, bool causal, std::string name) {
  require(!causal || queries <= keys, "a causal map of ", queries, " queries and ", keys,
          " keys leaves queries without a key; give at least as many keys");
  WeightMap map;
  map.weights = map.products = Tensor<double>({queries, keys});
  map.causal = causal;
  map.name = std::move(name);
  return map;
}

/// Turns the scores held in products into weights; the scores stay, as the hover's second value.
void soften(WeightMap& map) {
  auto scores = matrix(map.products), weights = matrix(map.weights);
  for (std::int64_t i = 0; i < scores.rows(); ++i) {
    const std::int64_t seen = map.seen(i);
    scores.row(i).tail(scores.cols() - seen).setZero();
    const double top = seen > 0 ? scores.row(i).head(seen).maxCoeff() : 0;
    if (seen == 0 || std::isinf(top)) {
      map.denominator.push_back(0);
      continue;
    }
    weights.row(i).head(seen) =
        (scores.row(i).head(seen).array() - top).unaryExpr([](double x) { return std::exp(x); });
    map.denominator.push_back(sum_in_order(weights.row(i).head(seen)));
    weights.row(i) /= map.denominator.back();
  }
}

double sum_of_sizes(std::span<const double> row) {
  double sum = 0;
  for (const double w : row) {
    sum += std::abs(w);
  }
  return sum;
}

/// The row with sum |w| = 1; a row of zeros stays.
std::vector<double> shape_of(std::span<const double> row) {
  std::vector<double> out(row.begin(), row.end());
  const double size = sum_of_sizes(row);
  for (double& w : out) {
    w = size > 0 ? w / size : w;
  }
  return out;
}

RowState state_of(double denominator, double sizes, std::span<const double> weights) {
  if (!std::ranges::all_of(weights, [](double w) { return std::isfinite(w); })) {
    return RowState::undefined;
  }
  if (!(std::abs(denominator) > kVanishing * sizes)) {
    return RowState::vanishing;
  }
  return denominator < 0 ? RowState::negative : RowState::sound;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0, count = 0;
  for (const double v : values) {
    sum += std::isnan(v) ? 0 : v;
    count += std::isnan(v) ? 0 : 1;
  }
  return count > 0 ? sum / count : std::numeric_limits<double>::infinity();
}

}  // namespace

std::int64_t WeightMap::seen(std::int64_t i) const {
  return causal ? std::clamp<std::int64_t>(i + 1 + keys() - queries(), 0, keys()) : keys();
}

WeightMap softmax_weights(const AttentionInput& input, std::int64_t h) {
  require(h >= 0 && h < input.query.extent(0), "head ", h, " is outside this input, which has heads 0 .. ",
          input.query.extent(0) - 1);
  WeightMap map = empty_map(input.query.extent(1), input.key.extent(1), false, "softmax");
  map.causal = input.causal;
  matrix(map.products).noalias() =
      scale_of(input) * head(input.query, h).cast<double>() * head(input.key, h).cast<double>().transpose();
  if (!input.mask.empty()) {
    matrix(map.products) += matrix(input.mask).cast<double>();
  }
  soften(map);
  return map;
}

WeightMap softmax_weights(const Tensor<double>& query, const Tensor<double>& key, double scale, bool causal) {
  WeightMap map = empty_map(query.extent(0), key.extent(0), causal, "softmax");
  matrix(map.products).noalias() = scale * matrix(query) * matrix(key).transpose();
  soften(map);
  return map;
}

WeightMap feature_weights(const Tensor<double>& phi_query, const Tensor<double>& phi_key, bool causal,
                          RowDivision division, std::string name) {
  require(phi_query.extent(1) == phi_key.extent(1), "queries have ", phi_query.extent(1),
          " features and keys ", phi_key.extent(1), "; map both with the same feature map");
  WeightMap map = empty_map(phi_query.extent(0), phi_key.extent(0), causal, std::move(name));
  matrix(map.products).noalias() = matrix(phi_query) * matrix(phi_key).transpose();
  finish(map, division);
  return map;
}

WeightMap applied_weights(const Tensor<double>& weights, std::int64_t h, bool causal, std::string name) {
  const std::int64_t heads = weights.rank() == 3 ? weights.extent(0) : 1;
  require(weights.rank() == 2 || weights.rank() == 3, "weights ", to_string(weights.shape()),
          " are no map; give [queries, keys] or [heads, queries, keys]");
  require(h >= 0 && h < heads, "head ", h, " is outside these weights, which have heads 0 .. ", heads - 1);
  WeightMap map = empty_map(weights.extent(-2), weights.extent(-1), causal, std::move(name));
  const std::span<const double> cells = weights.span().subspan(
      static_cast<std::size_t>(h * map.products.size()), static_cast<std::size_t>(map.products.size()));
  std::ranges::copy(cells, map.products.span().begin());
  finish(map, RowDivision::none);
  return map;
}

WeightMap measured_weights(const std::function<Tensor<double>(const Tensor<double>& value)>& model,
                           std::int64_t positions, bool causal, std::string name) {
  Tensor<double> identity({positions, positions});
  matrix(identity).setIdentity();
  WeightMap map = empty_map(positions, positions, causal, std::move(name));
  map.weights = model(identity);
  require(map.weights.shape() == identity.shape(), "the model of '", map.name, "' returned ",
          to_string(map.weights.shape()), " for values ", to_string(identity.shape()),
          "; it must keep positions and width");
  map.products = {};
  return map;
}

double row_entropy(std::span<const double> row) {
  const double size = sum_of_sizes(row);
  double entropy = 0;
  for (const double w : row) {
    const double p = std::abs(w) / size;
    entropy -= p > 0 || std::isnan(p) ? p * std::log(p) : 0;
  }
  return entropy;
}

double total_variation(std::span<const double> a, std::span<const double> b) {
  require(a.size() == b.size(), "rows of ", a.size(), " and ", b.size(),
          " weights cannot be compared; both must cover the same keys");
  double sum = 0;
  for (std::size_t j = 0; j < a.size(); ++j) {
    sum += std::abs(a[j] - b[j]);
  }
  return sum / 2;
}

std::int64_t RowMeasures::count(RowState wanted) const {
  return std::ranges::count(state, wanted);
}
std::int64_t RowMeasures::marked() const {
  return static_cast<std::int64_t>(state.size()) - count(RowState::sound);
}

RowMeasures measure_rows(const WeightMap& map, const WeightMap& other) {
  require(map.weights.shape() == other.weights.shape(), "maps of ", to_string(map.weights.shape()), " and ",
          to_string(other.weights.shape()), " cannot be compared; draw both for the same positions");
  RowMeasures out;
  for (std::int64_t i = 0; i < map.queries(); ++i) {
    const auto seen = static_cast<std::size_t>(map.seen(i));
    const std::span<const double> row = row_of(map.weights, i), first = row.first(seen);
    const bool divided = !map.denominator.empty();
    const double sizes = divided ? sum_of_sizes(row_of(map.products, i)) : 1;
    const double sum = divided ? map.denominator[static_cast<std::size_t>(i)] : 1;
    out.state.push_back(state_of(sum, sizes, first));
    const bool undefined = out.state.back() == RowState::undefined;
    out.balance.push_back(divided ? sum / sizes : 1);
    out.entropy.push_back(undefined ? kNan : row_entropy(first));
    const std::vector<double> shape = divided ? std::vector<double>(row.begin(), row.end()) : shape_of(row);
    out.distance.push_back(undefined ? kNan : total_variation(shape, row_of(other.weights, i)));
    out.negative_weights += std::ranges::count_if(first, [](double w) { return w < 0; });
  }
  out.mean_entropy = mean_of(out.entropy);
  out.mean_distance = mean_of(out.distance);
  return out;
}

}  // namespace alab
