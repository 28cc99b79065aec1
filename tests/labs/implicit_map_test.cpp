// Implicit maps: what is drawn is what the model applies, and rows that go wrong are named.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "labs/common/implicit_map.hpp"
#include "reference/core/rng.hpp"
#include "tests/labs/walk.hpp"

using namespace alab;

namespace {

const double kNan = std::numeric_limits<double>::quiet_NaN();

Tensor<double> rows(std::int64_t n, std::int64_t d, std::uint64_t seed) {
  Rng rng(seed);
  Tensor<double> out({n, d});
  for (double& x : out.span()) {
    x = std::abs(rng.normal());
  }
  return out;
}

AttentionInput input_of(std::int64_t n, bool causal) {
  AttentionInput in = walk::source().make({1, n, 8, 8, 3}, {});
  in.causal = causal;
  return in;
}

}  // namespace

TEST_CASE("implicit map: softmax rows are distributions, and a masked row is zero") {
  for (const bool causal : {false, true}) {
    const WeightMap map = softmax_weights(input_of(9, causal), 0);
    for (std::int64_t i = 0; i < 9; ++i) {
      double sum = 0;
      for (std::int64_t j = 0; j < 9; ++j) {
        CHECK((map.weights(i, j) > 0) == (!causal || j <= i));
        sum += map.weights(i, j);
      }
      CHECK(std::abs(sum - 1) <= 1e-12);
    }
  }
  const WeightMap masked = softmax_weights(walk::source("masked_row").make({1, 8, 8, 8, 3}, {}), 0);
  for (std::int64_t j = 0; j < 8; ++j) {
    CHECK(masked.weights(4, j) == 0);
  }
  CHECK_THROWS_AS(softmax_weights(input_of(4, false), 1), Error);
}

TEST_CASE("implicit map: derived and measured maps agree") {
  const Tensor<double> q = rows(7, 5, 1), k = rows(7, 5, 2);
  const WeightMap map = feature_weights(q, k, true, RowDivision::by_sum, "features");
  const auto recurrence = [&](const Tensor<double>& value) {
    Tensor<double> out({7, value.extent(1)});
    for (std::int64_t c = 0; c < value.extent(1); ++c) {
      std::vector<double> state(5, 0), normalizer(5, 0);
      for (std::int64_t t = 0; t < 7; ++t) {
        double top = 0, bottom = 0;
        for (std::int64_t f = 0; f < 5; ++f) {
          const auto at = static_cast<std::size_t>(f);
          state[at] += k(t, f) * value(t, c);
          normalizer[at] += k(t, f);
          top += q(t, f) * state[at];
          bottom += q(t, f) * normalizer[at];
        }
        out(t, c) = top / bottom;
      }
    }
    return out;
  };
  const WeightMap measured = measured_weights(recurrence, 7, true, "recurrence");
  const RowMeasures apart = measure_rows(map, measured);
  CHECK(apart.mean_distance <= 1e-14);
  CHECK(apart.marked() == 0);
  const WeightMap applied = applied_weights(map.products, 0, true, "not divided");
  CHECK(applied.denominator.empty());
  CHECK(measure_rows(applied, map).mean_distance <= 1e-14);  // shapes are compared
}

TEST_CASE("implicit map: entropy and distance have their closed values") {
  const double uniform[] = {0.25, 0.25, 0.25, 0.25}, one[] = {1, 0, 0, 0}, other[] = {0, 1, 0, 0};
  CHECK(std::abs(row_entropy(uniform) - std::log(4)) <= 1e-15);
  CHECK(row_entropy(one) == 0);
  CHECK(total_variation(one, other) == 1);
  CHECK(total_variation(one, uniform) == 0.75);
  CHECK_THROWS_AS(total_variation(std::span(one).first(3), uniform), Error);
}

TEST_CASE("implicit map: rows with a negative, vanishing or undefined sum are marked, sound ones are not") {
  const Tensor<double> q({4, 1}, {1, 2, 3, 0});
  const auto keys = [&](double a, double b) { return Tensor<double>({2, 1}, {a, b}); };
  const auto state = [&](double a, double b, std::size_t row = 0) {
    const WeightMap map = feature_weights(q, keys(a, b), false, RowDivision::by_sum, "test");
    return measure_rows(map, map).state[row];
  };
  CHECK(state(1, 2) == RowState::sound);
  CHECK(state(1, -3) == RowState::negative);
  CHECK(state(1, -0.9999) == RowState::vanishing);
  CHECK(state(1, -0.99) == RowState::sound);
  CHECK(state(1, 2, 3) == RowState::undefined);  // 0/0
  CHECK(state(1, kNan) == RowState::undefined);
  CHECK(state(1, std::numeric_limits<double>::infinity()) == RowState::undefined);
}

TEST_CASE("implicit map: the view is well formed, marks rows and keeps its numbers") {
  Tensor<double> q = rows(12, 4, 5), k = rows(12, 4, 6);
  for (std::int64_t c = 0; c < 4; ++c) {
    q(3, c) *= -1;  // one sum below zero
    q(5, c) = 0;    // and one 0/0
  }
  const WeightMap map = feature_weights(q, k, false, RowDivision::by_sum, "test map");
  const WeightMap soft = softmax_weights(input_of(12, false), 0);
  Result result;
  const RowMeasures measures = add_implicit_map(result, soft, map, {});
  CHECK(problems_of(result) == "");
  CHECK(walk::failures_of(result) == "");
  CHECK(measures.count(RowState::undefined) == 1);
  CHECK(measures.marked() >= 1);
  CHECK(result.scalar("marked_rows")->value == static_cast<double>(measures.marked()));
  REQUIRE(result.table("marked") != nullptr);
  CHECK(result.heatmap("maps")->cols == 26);
  CHECK(result.heatmap("maps")->row_labels[5] == "5 (0/0 or inf)");
  CHECK(result.heatmap("maps")->values[0] == static_cast<float>(soft.weights(0, 0)));
  CHECK(result.heatmap("maps")->values[14] == static_cast<float>(map.weights(0, 0)));
  CHECK(std::isnan(result.heatmap("maps")->values[12]));
  CHECK_THROWS_AS(measure_rows(map, softmax_weights(input_of(11, false), 0)), Error);
}
