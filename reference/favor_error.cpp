// Lemma 2 and theorem 2 of the Performer paper. SPDX-License-Identifier: MIT
#include <cmath>

#include "reference/feature_maps.hpp"

namespace alab {

namespace {

struct PairOfRows {
  double dot = 0, sum = 0, difference = 0, squares = 0;  ///< x.y, |x+y|^2, |x-y|^2, |x|^2 + |y|^2
};

PairOfRows measured(std::span<const double> x, std::span<const double> y, std::int64_t rows) {
  require(x.size() == y.size() && !x.empty(), "two rows of ", x.size(), " and ", y.size(),
          " elements cannot be compared: give the same number, at least 1");
  require(rows >= 1, "an estimate from ", rows, " random rows does not exist: give at least 1");
  PairOfRows out;
  for (std::size_t i = 0; i < x.size(); ++i) {
    out.dot += x[i] * y[i];
    out.sum += (x[i] + y[i]) * (x[i] + y[i]);
    out.difference += (x[i] - y[i]) * (x[i] - y[i]);
    out.squares += x[i] * x[i] + y[i] * y[i];
  }
  return out;
}

}  // namespace

double favor_squared_error(FeatureKind kind, std::span<const double> x, std::span<const double> y,
                           std::int64_t rows) {
  const PairOfRows pair = measured(x, y, rows);
  const double m = static_cast<double>(rows);
  if (kind == FeatureKind::favor_trigonometric) {
    const double gap = -std::expm1(-pair.difference);
    return std::exp(pair.sum - 2 * pair.dot) * gap * gap / (2 * m);
  }
  const double gap = -std::expm1(-pair.sum);
  const double positive = std::exp(pair.sum + 2 * pair.dot) * gap / m;
  require(kind == FeatureKind::favor_positive || kind == FeatureKind::favor_hyperbolic,
          "lemma 2 says nothing of the map ", to_string(kind),
          ": ask for favor_trigonometric, favor_positive or favor_hyperbolic");
  return kind == FeatureKind::favor_positive ? positive : gap * positive / 2;
}

double favor_orthogonal_bound(std::span<const double> x, std::span<const double> y, std::int64_t rows) {
  const PairOfRows pair = measured(x, y, rows);
  const double m = static_cast<double>(rows), d = static_cast<double>(x.size());
  const double gap = std::exp(pair.dot) - std::exp(-pair.squares / 2);
  return favor_squared_error(FeatureKind::favor_positive, x, y, rows) -
         2 * (m - 1) / (m * (d + 2)) * gap * gap;
}

}  // namespace alab
