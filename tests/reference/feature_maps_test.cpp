// Feature maps: kernels they stand for, shapes by hand, derivatives, stabilisers, drawn rows, lemma 2.
// SPDX-License-Identifier: MIT
#include "reference/feature_maps.hpp"

#include <doctest/doctest.h>

#include <numbers>

#include "tests/reference/truth.hpp"

using namespace alab;

namespace {

double dot(const Tensor<double>& a, std::int64_t i, const Tensor<double>& b, std::int64_t j) {
  double sum = 0;
  for (std::int64_t c = 0; c < a.extent(-1); ++c) {
    sum += a(i, c) * b(j, c);
  }
  return sum;
}

Tensor<double> rows_of_length(std::int64_t n, std::int64_t d, std::uint64_t seed, double length) {
  Tensor<double> x = truth::normal<double>({n, d}, seed);
  for (std::int64_t i = 0; i < n; ++i) {
    const double norm = std::sqrt(dot(x, i, x, i));
    for (std::int64_t c = 0; c < d; ++c) {
      x(i, c) *= length / norm;
    }
  }
  return x;
}

/// Mean total variation between the rows of two weight matrices [N, N].
double total_variation(const Tensor<double>& a, const Tensor<double>& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    sum += std::abs(a[i] - b[i]) / 2;
  }
  return sum / static_cast<double>(a.extent(0));
}

Tensor<double> weights(const Tensor<double>& q, const Tensor<double>& k) {
  const std::int64_t n = q.extent(0);
  Tensor<double> w({n, n});
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      sum += w(i, j) = dot(q, i, k, j);
    }
    for (std::int64_t j = 0; j < n; ++j) {
      w(i, j) /= sum;
    }
  }
  return w;
}

}  // namespace

TEST_CASE("every kind has its place, a name that reads back, and as many features as it says") {
  const Tensor<double> x = truth::normal<double>({2, 3, 6}, 1);
  std::size_t index = 0;
  for (const FeatureKindInfo& info : feature_kinds()) {
    CHECK(static_cast<std::size_t>(info.kind) == index++);
    CHECK(feature_kind(info.name) == info.kind);
    const FeatureMap map{.kind = info.kind, .rows = 10};
    const Tensor<double> phi = apply_feature_map(map, x);
    CHECK(phi.shape() == Shape{2, 3, feature_dim_of(map, 6)});
    const double lowest = *std::min_element(phi.span().begin(), phi.span().end());
    CHECK((!info.non_negative || lowest >= 0));
  }
  CHECK_THROWS_WITH_AS(feature_kind("elu"), doctest::Contains("did you mean 'elu1'"), Error);
}

TEST_CASE("packing and order by hand") {
  const Tensor<double> x({1, 3}, {1, -2, 3});
  const double r = std::numbers::sqrt2;
  CHECK(truth::distance(apply_feature_map({.kind = FeatureKind::quadratic}, x),
                        Tensor<double>({1, 6}, {1, 4, 9, -2 * r, 3 * r, -6 * r})) <= 1e-15);
  CHECK(truth::distance(apply_feature_map({.kind = FeatureKind::taylor2, .input_scale = 1},
                                          Tensor<double>({1, 2}, {1, 3})),
                        Tensor<double>({1, 7}, {1, 1, 3, 1 / r, 3 / r, 3 / r, 9 / r})) <= 1e-15);
  // r = [1, 0, 3, 0, 2, 0]; shifted right by one [0, 1, 0, 3, 0, 2], by two [2, 0, 1, 0, 3, 0].
  CHECK(apply_feature_map({.kind = FeatureKind::dpfp, .shifts = 2}, x) ==
        Tensor<double>({1, 12}, {0, 0, 0, 0, 0, 0, 2, 0, 3, 0, 6, 0}));
  CHECK(truth::distance(apply_feature_map({.kind = FeatureKind::elu1}, x),
                        Tensor<double>({1, 3}, {2, std::exp(-2.0), 4})) <= 1e-15);
  CHECK(apply_feature_map({.kind = FeatureKind::relu, .eps = 1e-3}, x) ==
        Tensor<double>({1, 3}, {1.001, 0.001, 3.001}));
}

TEST_CASE("exact kernels: (x.y)^2 in 36 dimensions at d = 8, and 1 + s + s^2/2, never below 1/2") {
  const Tensor<double> x = truth::normal<double>({40, 8}, 1), y = truth::normal<double>({40, 8}, 2);
  CHECK(feature_dim_of({.kind = FeatureKind::quadratic}, 8) == 36);
  CHECK(feature_dim_of({.kind = FeatureKind::quadratic}, 64) == 2080);
  const FeatureMap quadratic{.kind = FeatureKind::quadratic}, taylor{.kind = FeatureKind::taylor2};
  const Tensor<double> qx = apply_feature_map(quadratic, x), qy = apply_feature_map(quadratic, y);
  const Tensor<double> tx = apply_feature_map(taylor, x), ty = apply_feature_map(taylor, y);
  const Tensor<double> fx = apply_feature_map(taylor, x.cast<float>()).cast<double>();
  const Tensor<double> fy = apply_feature_map(taylor, y.cast<float>()).cast<double>();
  for (std::int64_t i = 0; i < 40; ++i) {
    for (std::int64_t j = 0; j < 40; ++j) {
      const double s = dot(x, i, y, j), score = s / std::sqrt(8.0);
      CHECK(std::abs(dot(qx, i, qy, j) - s * s) <= 1e-12);
      CHECK(std::abs(dot(tx, i, ty, j) - (1 + score + score * score / 2)) <= 1e-12);
      CHECK(dot(fx, i, fy, j) >= 0.5 - 1e-6);
    }
  }
}

TEST_CASE("derivatives of every kind agree with central differences") {
  for (const FeatureKindInfo& info : feature_kinds()) {
    FeatureMap map{.kind = info.kind, .rows = 7, .stabilizer = Stabilizer::off, .input_scale = 0.8};
    Tensor<double> x = truth::normal<double>({2, 3, 5}, 3);
    const Tensor<double> g = truth::normal<double>({2, 3, feature_dim_of(map, 5)}, 4);
    const auto loss = [&] { return truth::dot(g, apply_feature_map(map, x)); };
    CAPTURE(info.name);
    CHECK(truth::gradient_error(x, feature_map_backward(map, x, g), loss) <= 1e-6);
  }
  FeatureMap learned{.kind = FeatureKind::hedgehog, .matrix = truth::normal<double>({4, 5}, 5)};
  Tensor<double> x = truth::normal<double>({3, 5}, 6);
  const Tensor<double> g = truth::normal<double>({3, 8}, 7);
  const auto loss = [&] { return truth::dot(g, apply_feature_map(learned, x)); };
  CHECK(truth::gradient_error(x, feature_map_backward(learned, x, g), loss) <= 1e-6);
}

TEST_CASE("orthogonal rows: blocks of d, chi lengths on average sqrt d, or exactly") {
  const Tensor<double> w = draw_projection(40, 16, Rows::orthogonal, RowNorm::chi, 3);
  const Tensor<double> s = draw_projection(40, 16, Rows::orthogonal, RowNorm::sqrt_d, 3);
  double squares = 0;
  for (std::int64_t i = 0; i < 40; ++i) {
    squares += dot(w, i, w, i) / 40;
    CHECK(std::abs(dot(s, i, s, i) - 16) <= 1e-12);
    for (std::int64_t j = i - i % 16; j < i; ++j) {
      CHECK(std::abs(dot(w, i, w, j)) <= 1e-12);
    }
  }
  CHECK((12 <= squares && squares <= 20));
  CHECK(std::abs(dot(w, 0, w, 16)) > 1e-3);
  CHECK(draw_projection(8, 4, Rows::iid, RowNorm::chi, 1) ==
        draw_projection(8, 4, Rows::iid, RowNorm::chi, 1));
  CHECK(draw_projection(8, 4, Rows::iid, RowNorm::chi, 1) !=
        draw_projection(8, 4, Rows::iid, RowNorm::chi, 2));
}

TEST_CASE("random Fourier features approach the Gaussian kernel with slope -1/2") {
  const Tensor<double> x = rows_of_length(200, 8, 1, 1), y = rows_of_length(200, 8, 2, 1.5);
  const auto rms_at = [&](FeatureKind kind, std::int64_t rows) {
    double sum = 0;
    for (std::uint64_t draw = 0; draw < 10; ++draw) {
      const FeatureMap map = with_drawn({.kind = kind, .rows = rows, .seed = draw, .drawn = Rows::iid}, 8);
      const Tensor<double> zx = apply_feature_map(map, x), zy = apply_feature_map(map, y);
      for (std::int64_t i = 0; i < 200; ++i) {
        const double gap = dot(x, i, x, i) + dot(y, i, y, i) - 2 * dot(x, i, y, i);
        const double error = dot(zx, i, zy, i) - std::exp(-gap / 2);
        sum += error * error / 2000;
      }
    }
    return std::sqrt(sum);
  };
  const double few = rms_at(FeatureKind::rff, 32), many = rms_at(FeatureKind::rff, 512);
  CHECK(std::abs(std::log2(many / few) / 4 + 0.5) <= 0.06);
  CHECK((0.8 <= few * std::sqrt(32.0) && few * std::sqrt(32.0) <= 1.1));
  CHECK(rms_at(FeatureKind::rff_pairs, 256) <= 1.05 * many);
}

TEST_CASE("lemma 2: measured over 40,000 draws at unit length, m = d = 16") {
  const std::int64_t d = 16, draws = 40000;
  for (const double degrees : {90.0, 120.0}) {
    std::vector<double> x(16), y(16);
    x[0] = 1;
    y[0] = std::cos(degrees * std::numbers::pi / 180);
    y[1] = std::sin(degrees * std::numbers::pi / 180);
    const double truth = std::exp(y[0]);
    double trig = 0, positive = 0, hyperbolic = 0, orthogonal = 0, mean = 0;
    Rng rng(7), other(8);
    for (std::int64_t draw = 0; draw < draws; ++draw) {
      const Tensor<double> w = draw_projection(16, d, Rows::iid, RowNorm::chi, rng);
      const Tensor<double> o = draw_projection(16, d, Rows::orthogonal, RowNorm::chi, other);
      double t = 0, p = 0, h = 0, q = 0;
      for (std::int64_t j = 0; j < 16; ++j) {
        const double a = w(j, 0), b = y[0] * w(j, 0) + y[1] * w(j, 1);
        const double c = o(j, 0) * (1 + y[0]) + y[1] * o(j, 1);
        t += std::exp(1.0) * std::cos(a - b) / 16;
        p += std::exp(a + b - 1) / 16;
        h += std::cosh(a + b) * std::exp(-1.0) / 16;
        q += std::exp(c - 1) / 16;
      }
      mean += p / double(draws);
      trig += (t - truth) * (t - truth) / double(draws);
      positive += (p - truth) * (p - truth) / double(draws);
      hyperbolic += (h - truth) * (h - truth) / double(draws);
      orthogonal += (q - truth) * (q - truth) / double(draws);
    }
    const double loose = degrees == 90 ? 0.15 : 0.05;
    CAPTURE(degrees);
    CHECK(std::abs(trig / favor_squared_error(FeatureKind::favor_trigonometric, x, y, 16) - 1) <= 0.05);
    CHECK(std::abs(positive / favor_squared_error(FeatureKind::favor_positive, x, y, 16) - 1) <= loose);
    CHECK(std::abs(hyperbolic / favor_squared_error(FeatureKind::favor_hyperbolic, x, y, 16) - 1) <=
          (degrees == 90 ? 0.1 : 0.05));
    CHECK(orthogonal < positive);
    CHECK(orthogonal <= 1.03 * favor_orthogonal_bound(x, y, 16));
    CHECK(std::abs(mean - truth) <= 4 * std::sqrt(positive / double(draws)));
  }
}

TEST_CASE("features of one pair are the estimators of lemma 2") {
  const Tensor<double> x({1, 3}, {0.3, -0.2, 0.5}), y({1, 3}, {0.1, 0.4, -0.6});
  const Tensor<double> w = draw_projection(4, 3, Rows::iid, RowNorm::chi, 1);
  double trig = 0, positive = 0, hyperbolic = 0;
  const double half = (dot(x, 0, x, 0) + dot(y, 0, y, 0)) / 2;
  for (std::int64_t j = 0; j < 4; ++j) {
    const double a = dot(w, j, x, 0), b = dot(w, j, y, 0);
    trig += std::exp(half) * std::cos(a - b) / 4;
    positive += std::exp(a + b - half) / 4;
    hyperbolic += std::cosh(a + b) * std::exp(-half) / 4;
  }
  const auto estimate = [&](FeatureKind kind) {
    const FeatureMap map{.kind = kind, .stabilizer = Stabilizer::off, .input_scale = 1, .matrix = w};
    return dot(apply_feature_map(map, x), 0, apply_feature_map(map, y), 0);
  };
  CHECK(estimate(FeatureKind::favor_trigonometric) == doctest::Approx(trig).epsilon(1e-14));
  CHECK(estimate(FeatureKind::favor_positive) == doctest::Approx(positive).epsilon(1e-14));
  CHECK(estimate(FeatureKind::favor_hyperbolic) == doctest::Approx(hyperbolic).epsilon(1e-14));
}

TEST_CASE("a stabiliser is one factor per query and one for all keys of a head") {
  const Tensor<double> x = truth::normal<double>({2, 5, 8}, 1);
  for (const FeatureKind kind : {FeatureKind::favor_positive, FeatureKind::favor_hyperbolic}) {
    for (const Role role : {Role::query, Role::key}) {
      FeatureMap map = with_drawn({.kind = kind, .rows = 12}, 8);
      const Tensor<double> c = stabilizer_of(map, x, role), on = apply_feature_map(map, x, role);
      map.stabilizer = Stabilizer::off;
      const Tensor<double> off = apply_feature_map(map, x, role);
      CHECK(c.shape() == Shape{2, role == Role::query ? 5 : 1});
      double largest = 0;
      for (std::int64_t i = 0; i < on.size(); ++i) {
        const std::int64_t row = i / on.extent(2);
        const double shift = c[role == Role::query ? row : row / 5];
        CHECK(on[i] == doctest::Approx(off[i] * std::exp(-shift)).epsilon(1e-13));
        largest = std::max(largest, on[i]);
      }
      const double features = kind == FeatureKind::favor_positive ? 12 : 24;
      CHECK(largest == doctest::Approx(1 / std::sqrt(features)).epsilon(1e-13));
    }
  }
}

TEST_CASE("rows of length 20 in f32: nothing survives without the full stabiliser") {
  const Tensor<float> q = rows_of_length(64, 16, 1, 20).cast<float>();
  const Tensor<float> k = rows_of_length(64, 16, 2, 20).cast<float>();
  const auto zero_rows = [&](Stabilizer stabilizer) {
    const FeatureMap map =
        with_drawn({.kind = FeatureKind::favor_positive, .stabilizer = stabilizer, .input_scale = 1}, 16);
    const Tensor<double> a = apply_feature_map(map, q, Role::query).cast<double>();
    const Tensor<double> b = apply_feature_map(map, k, Role::key).cast<double>();
    std::int64_t zero = 0;
    for (std::int64_t i = 0; i < 64; ++i) {
      float sum = 0;
      for (std::int64_t j = 0; j < 64; ++j) {
        sum += static_cast<float>(dot(a, i, b, j));
      }
      zero += sum == 0 ? 1 : 0;
    }
    return zero;
  };
  CHECK(zero_rows(Stabilizer::off) == 64);
  CHECK(zero_rows(Stabilizer::projection_only) == 64);
  CHECK(zero_rows(Stabilizer::full) == 0);
}

TEST_CASE("denominators: positive features never fail, trigonometric ones do at row length 1.5 and m = 8") {
  std::int64_t positive = 0, trig = 0;
  for (std::uint64_t draw = 0; draw < 10; ++draw) {
    const Tensor<double> q = rows_of_length(256, 16, 10 + draw, 1.5),
                         k = rows_of_length(256, 16, 30 + draw, 1.5);
    for (const FeatureKind kind : {FeatureKind::favor_positive, FeatureKind::favor_trigonometric}) {
      const FeatureMap map = with_drawn({.kind = kind, .rows = 8, .seed = draw, .input_scale = 1}, 16);
      const Tensor<double> a = apply_feature_map(map, q), b = apply_feature_map(map, k, Role::key);
      for (std::int64_t i = 0; i < 256; ++i) {
        double sum = 0;
        for (std::int64_t j = 0; j < 256; ++j) {
          sum += dot(a, i, b, j);
        }
        (kind == FeatureKind::favor_positive ? positive : trig) += sum <= 0 ? 1 : 0;
      }
    }
  }
  CHECK(positive == 0);
  CHECK(trig > 0);
}

TEST_CASE("distance to softmax rows at unit scale: Taylor is near, elu + 1 is close to uniform") {
  const std::int64_t n = 256, d = 16;
  const Tensor<double> q = truth::normal<double>({n, d}, 1), k = truth::normal<double>({n, d}, 2);
  Tensor<double> softmax({n, n}), uniform({n, n});
  for (std::int64_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      sum += softmax(i, j) = std::exp(dot(q, i, k, j) / 4);
      uniform(i, j) = 1.0 / double(n);
    }
    for (std::int64_t j = 0; j < n; ++j) {
      softmax(i, j) /= sum;
    }
  }
  const auto distance = [&](FeatureMap map) {
    map = with_drawn(map, d);
    return total_variation(weights(apply_feature_map(map, q), apply_feature_map(map, k, Role::key)), softmax);
  };
  const double band = 0.02;
  CHECK(std::abs(total_variation(uniform, softmax) - 0.377) <= band);
  CHECK(std::abs(distance({.kind = FeatureKind::elu1}) - 0.348) <= band);
  CHECK(std::abs(distance({.kind = FeatureKind::exp}) - 0.330) <= band);
  CHECK(std::abs(distance({.kind = FeatureKind::relu}) - 0.316) <= band);
  CHECK(std::abs(distance({.kind = FeatureKind::taylor2}) - 0.099) <= band);
  CHECK(std::abs(distance({.kind = FeatureKind::dpfp}) - 0.341) <= band);
  CHECK(std::abs(distance({.kind = FeatureKind::favor_positive, .drawn = Rows::iid}) - 0.391) <= 0.06);
}

TEST_CASE("what does not fit is refused in words") {
  const Tensor<float> x = truth::normal<float>({4, 6}, 1);
  CHECK_THROWS_WITH_AS(apply_feature_map({.kind = FeatureKind::dpfp, .shifts = 12}, x),
                       "dpfp with 12 shifts is out of range for head_dim 6: 1 .. 11", Error);
  CHECK_THROWS_AS(apply_feature_map({.kind = FeatureKind::favor_positive, .rows = 0}, x), Error);
  CHECK_THROWS_AS(
      apply_feature_map({.kind = FeatureKind::favor_positive, .matrix = Tensor<double>({3, 5})}, x), Error);
  CHECK_THROWS_AS(apply_feature_map({}, Tensor<float>({3})), Error);
  CHECK_THROWS_AS(feature_map_backward({}, x, Tensor<float>({4, 7})), Error);
}
