// Random feature attention and FAVOR+ against the definition over pairs. SPDX-License-Identifier: MIT
#include "reference/rfa.hpp"

#include <doctest/doctest.h>

#include "reference/simple_gate.hpp"
#include "tests/reference/truth.hpp"

using namespace alab;

namespace {

struct Inputs {
  explicit Inputs(std::int64_t heads, std::int64_t n, std::int64_t d, std::int64_t dv, std::int64_t m,
                  double factor = 1)
      : q(truth::normal<double>({heads, n, d}, 1, factor)),
        k(truth::normal<double>({heads, n, d}, 2, factor)),
        v(truth::normal<double>({heads, n, dv}, 3)),
        w(draw_projection(m, d, Rows::iid, RowNorm::chi, 4)) {}
  Tensor<double> q, k, v, w;
};

/// sum_j weight(i, j) v_j / sum_j weight(i, j) with weights e^{log weight(i, j)}, by the largest of a row.
template <class LogWeight>
Tensor<double> averaged(const Tensor<double>& v, bool causal, const LogWeight& log_weight) {
  Tensor<double> out(v.shape());
  const std::int64_t n = v.extent(1);
  for (std::int64_t h = 0; h < v.extent(0); ++h) {
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t end = causal ? i + 1 : n;
      std::vector<double> logs;
      for (std::int64_t j = 0; j < end; ++j) {
        logs.push_back(log_weight(h, i, j));
      }
      const double top = *std::max_element(logs.begin(), logs.end());
      double sum = 0;
      for (std::int64_t j = 0; j < end; ++j) {
        const double weight = std::exp(logs[std::size_t(j)] - top);
        sum += weight;
        for (std::int64_t c = 0; c < v.extent(2); ++c) {
          out(h, i, c) += weight * v(h, j, c);
        }
      }
      for (std::int64_t c = 0; c < v.extent(2); ++c) {
        out(h, i, c) /= sum;
      }
    }
  }
  return out;
}

double row_dot(const Tensor<double>& a, std::int64_t h, std::int64_t i, const Tensor<double>& b,
               std::int64_t r) {
  double sum = 0;
  for (std::int64_t c = 0; c < a.extent(2); ++c) {
    sum += a(h, i, c) * b(r, c);
  }
  return sum;
}

/// log sum_r e^{log phi_r(q_i) + log phi_r(k_j)}.
double favor_log_weight(const Inputs& in, std::int64_t h, std::int64_t i, std::int64_t j) {
  const double scale = std::pow(double(in.q.extent(2)), -0.25);
  double squares = 0;
  for (std::int64_t c = 0; c < in.q.extent(2); ++c) {
    squares += in.q(h, i, c) * in.q(h, i, c) + in.k(h, j, c) * in.k(h, j, c);
  }
  std::vector<double> logs;
  for (std::int64_t r = 0; r < in.w.extent(0); ++r) {
    logs.push_back(scale * (row_dot(in.q, h, i, in.w, r) + row_dot(in.k, h, j, in.w, r)) -
                   scale * scale * squares / 2);
  }
  const double top = *std::max_element(logs.begin(), logs.end());
  double sum = 0;
  for (const double log : logs) {
    sum += std::exp(log - top);
  }
  return top + std::log(sum);
}

}  // namespace

TEST_CASE("FAVOR+ in constant memory is the quotient over pairs, for rows of any size") {
  for (const double factor : {0.3, 1.0, 12.0, 60.0}) {
    const Inputs in(2, 23, 8, 5, 12, factor);
    for (const bool causal : {true, false}) {
      const Tensor<double> expected =
          averaged(in.v, causal, [&](auto h, auto i, auto j) { return favor_log_weight(in, h, i, j); });
      CAPTURE(factor);
      CHECK(truth::distance(favor_attention(in.q, in.k, in.v, in.w, causal), expected) <= 1e-9);
      const Tensor<float> narrow = favor_attention(in.q.cast<float>(), in.k.cast<float>(), in.v.cast<float>(),
                                                   in.w.cast<float>(), causal);
      CHECK(truth::distance(narrow, expected) <= 1e-3);
    }
  }
}

TEST_CASE("RFA is the average with weights mean cos(w.(q - k)) of unit rows") {
  const Inputs in(2, 17, 8, 5, 200);
  const Tensor<double> q = unit_rows(in.q), k = unit_rows(in.k);
  for (const bool causal : {true, false}) {
    const auto out = random_feature_attention(in.q, in.k, in.v, in.w, {.causal = causal});
    const Tensor<double> expected = averaged(in.v, causal, [&](auto h, auto i, auto j) {
      double sum = 0;
      for (std::int64_t r = 0; r < 200; ++r) {
        sum += std::cos(row_dot(q, h, i, in.w, r) - row_dot(k, h, j, in.w, r)) / 200;
      }
      return std::log(sum);
    });
    CHECK(truth::distance(out.output, expected) <= 1e-12);
    CHECK(out.denominator.shape() == Shape{2, 17});
  }
}

TEST_CASE("a constant gate is retention of (1 - g) v, normaliser included") {
  const Inputs in(1, 20, 6, 4, 10);
  const double g = 0.8;
  const Tensor<double> gate({1, 20}, std::vector<double>(20, g));
  const auto out = random_feature_attention(in.q, in.k, in.v, in.w, {}, gate);
  const FeatureMap map{.kind = FeatureKind::rff_pairs, .matrix = in.w};
  SimpleGateProblem<double> p{apply_feature_map(map, unit_rows(in.q)),
                              apply_feature_map(map, unit_rows(in.k)), in.v,
                              constant_log_decay<double>(1, 20, g)};
  for (double& value : p.value.span()) {
    value *= 1 - g;
  }
  const Tensor<double> numerator = simple_gate_recurrent(p).output;
  p.value = Tensor<double>({1, 20, 1}, std::vector<double>(20, 1 - g));
  const Tensor<double> denominator = simple_gate_recurrent(p).output;
  Tensor<double> expected(in.v.shape());
  for (std::int64_t i = 0; i < expected.size(); ++i) {
    expected[i] = numerator[i] / denominator[i / 4];
  }
  CHECK(truth::distance(out.output, expected) <= 1e-12);
}

TEST_CASE("RFA approaches softmax of the unit rows with slope -1/2") {
  const auto error_at = [&](std::int64_t m) {
    double sum = 0;
    for (std::uint64_t draw = 0; draw < 8; ++draw) {
      Inputs in(1, 64, 16, 16, m);
      in.w = draw_projection(m, 16, Rows::iid, RowNorm::chi, 100 + draw);
      const truth::Attention exact = truth::attention(unit_rows(in.q), unit_rows(in.k), in.v, false, 1);
      sum += truth::distance(random_feature_attention(in.q, in.k, in.v, in.w, {.causal = false}).output,
                             exact.output) /
             8;
    }
    return sum;
  };
  const double slope = std::log2(error_at(512) / error_at(32)) / 4;
  CHECK(std::abs(slope + 0.5) <= 0.1);
}

TEST_CASE("what does not fit is refused in words") {
  const Inputs in(1, 6, 4, 3, 5);
  CHECK_THROWS_AS(random_feature_attention(in.q, in.k, in.v, Tensor<double>({5, 3})), Error);
  CHECK_THROWS_AS(favor_attention(in.q, in.k, Tensor<double>({1, 5, 3}), in.w, true), Error);
  CHECK_THROWS_AS(random_feature_attention(in.q, in.k, in.v, in.w, {.causal = false}, Tensor<double>({1, 6})),
                  Error);
  CHECK_THROWS_AS(
      random_feature_attention(in.q, in.k, in.v, in.w, {}, Tensor<double>({1, 6}, {0, 0, 0, 0, 0, 2})),
      Error);
}
