// Softmax over rows: forms, access counts, the (m, d) monoid, top-k.
// SPDX-License-Identifier: MIT
#include "reference/online_softmax.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/reference/truth.hpp"

using namespace alab;

namespace {

constexpr float kInfF = std::numeric_limits<float>::infinity();
constexpr double kT32 = 5e-6;

Tensor<double> exact_y(const Tensor<float>& x) {
  return softmax_compensated(x.cast<double>()).y;
}

}  // namespace

TEST_CASE_TEMPLATE("three elements by hand", T, float, double) {
  const Tensor<T> x({1, 3}, {T(std::log(1.0)), T(std::log(2.0)), T(std::log(5.0))});
  for (const SoftmaxRows<T>& s :
       {softmax_naive(x), softmax_safe(x), softmax_online(x), softmax_compensated(x)}) {
    CHECK(s.y[0] == doctest::Approx(0.125).epsilon(1e-6));
    CHECK(s.y[1] == doctest::Approx(0.25).epsilon(1e-6));
    CHECK(s.y[2] == doctest::Approx(0.625).epsilon(1e-6));
    CHECK(s.lse[0] == doctest::Approx(std::log(8.0)).epsilon(1e-6));
  }
  CHECK(softmax_safe(x).m[0] == x[2]);
  CHECK(softmax_safe(x).d[0] == doctest::Approx(1.6).epsilon(1e-6));
}

TEST_CASE("the accesses per element are exactly 3, 4, 3, 5 and 1") {
  const Tensor<float> x = truth::normal<float>({7, 113}, 1);
  Accesses naive, safe, online, separate, fused;
  softmax_naive(x, &naive);
  softmax_safe(x, &safe);
  softmax_online(x, &online);
  softmax_topk_separate(x, 5, &separate);
  softmax_topk_fused(x, 5, &fused);
  CHECK(naive == Accesses{2 * 791, 791, 0});
  CHECK(safe == Accesses{3 * 791, 791, 0});
  CHECK(online == Accesses{2 * 791, 791, 0});
  CHECK(separate == Accesses{4 * 791, 791, 2 * 5 * 7});
  CHECK(fused == Accesses{791, 0, 2 * 5 * 7});
}

TEST_CASE("the naive form overflows at the float threshold and the others do not") {
  for (const double offset : {0.0, 100.0, 200.0}) {
    Tensor<float> x = truth::normal<float>({3, 1000}, 2);
    for (float& value : x.span()) {
      value += static_cast<float>(offset);
    }
    CHECK(truth::distance(softmax_safe(x).y, exact_y(x)) <= kT32);
    CHECK(truth::distance(softmax_online(x).y, exact_y(x)) <= kT32);
    if (offset == 0) {
      CHECK(truth::distance(softmax_naive(x).y, exact_y(x)) <= kT32);
    } else {
      CHECK_FALSE(truth::distance(softmax_naive(x).y, exact_y(x)) <= kT32);
    }
  }
  CHECK(std::isinf(softmax_naive(Tensor<float>({1, 1}, {88.73F})).d[0]));
  CHECK(std::isfinite(softmax_naive(Tensor<float>({1, 1}, {88.72F})).d[0]));
}

TEST_CASE_TEMPLATE("a row of -inf gives 0, -inf, 0, -inf in every safe form", T, float, double) {
  const T inf = std::numeric_limits<T>::infinity();
  const Tensor<T> x({2, 3}, {-inf, -inf, -inf, -inf, T(2), -inf});
  for (const SoftmaxRows<T>& s : {softmax_safe(x), softmax_online(x), softmax_compensated(x)}) {
    CHECK(s.y == Tensor<T>({2, 3}, {0, 0, 0, 0, 1, 0}));
    CHECK(s.m == Tensor<T>({2}, {-inf, T(2)}));
    CHECK(s.d == Tensor<T>({2}, {0, 1}));
    CHECK(s.lse == Tensor<T>({2}, {-inf, T(2)}));
  }
}

TEST_CASE("a NaN in a row reaches its whole output") {
  const Tensor<float> x({1, 3}, {1, std::nanf(""), -kInfF});
  for (const SoftmaxRows<float>& s : {softmax_safe(x), softmax_online(x), softmax_compensated(x)}) {
    CHECK(std::isnan(s.y[0]));
    CHECK(std::isnan(s.lse[0]));
  }
}

TEST_CASE("scores of 80 and 1e4 and the ends of the range keep the forms together") {
  for (const float size : {80.0F, 1e4F, 3e38F}) {
    const Tensor<float> x({2, 4}, {size, -size, size, 0, -size, -size, -size, -size});
    CHECK(truth::distance(softmax_safe(x).y, exact_y(x)) <= kT32);
    CHECK(truth::distance(softmax_online(x).y, exact_y(x)) <= kT32);
    CHECK(softmax_online(x).y[0] == 0.5F);
    CHECK(softmax_online(x).y[7] == 0.25F);
  }
}

TEST_CASE("merge has the neutral element (-inf, 0), is commutative, and its printed form is not guarded") {
  using Part = NormalizerPart<float>;
  const Part a{1.5F, 2.0F}, b{-3.0F, 7.0F}, none = Part::neutral();
  CHECK(merge(a, none) == a);
  CHECK(merge(none, a) == a);
  CHECK(merge(none, none) == none);
  CHECK(merge(a, b) == merge(b, a));
  CHECK(std::isnan(merge_as_printed(none, none).d));
  CHECK(merge_as_printed(a, b) == merge(a, b));
}

TEST_CASE(
    "random trees agree with the sequence in m and stay within 1e-6 in d at a hundred thousand elements") {
  const Tensor<float> x = truth::normal<float>({1, 100000}, 3);
  const double d = softmax_compensated(x.cast<double>()).d[0];
  const NormalizerPart<float> sequence = reduce_sequential<float>(x.span());
  Rng rng(7);
  for (int tree = 0; tree < 5; ++tree) {
    const NormalizerPart<float> part = reduce_random_tree<float>(x.span(), rng);
    CHECK(part.m == sequence.m);
    CHECK(std::abs(part.d - d) / d <= 1e-6);
  }
  const std::span<const float> head = x.span().first(4096);
  double exact = 0;
  const NormalizerPart<float> shorter = reduce_sequential(head);
  for (const float value : head) {
    exact += std::exp(static_cast<double>(value) - shorter.m);
  }
  CHECK(std::abs(shorter.d - exact) / exact <= kT32);
}

TEST_CASE("merging two halves of a row with their outputs equals the whole row") {
  const Tensor<double> x = truth::normal<double>({4, 10}, 8), v = truth::normal<double>({10, 3}, 9);
  const auto part = [&](std::int64_t from, std::int64_t to) {
    MergedRows<double> out{Tensor<double>({4}), Tensor<double>({4}), Tensor<double>({4, 3})};
    for (std::int64_t r = 0; r < 4; ++r) {
      out.m[r] = -std::numeric_limits<double>::infinity();
      for (std::int64_t j = from; j < to; ++j) {
        out.m[r] = std::max(out.m[r], x(r, j));
      }
      for (std::int64_t j = from; j < to; ++j) {
        out.d[r] += std::exp(x(r, j) - out.m[r]);
      }
      for (std::int64_t j = from; j < to; ++j) {
        for (std::int64_t c = 0; c < 3; ++c) {
          out.o(r, c) += std::exp(x(r, j) - out.m[r]) / out.d[r] * v(j, c);
        }
      }
    }
    return out;
  };
  const MergedRows<double> whole = part(0, 10), merged = merge_rows(part(0, 6), part(6, 10));
  CHECK(truth::distance(merged.o, whole.o) <= 1e-12);
  CHECK(truth::distance(merged.d, whole.d) <= 1e-12);
  CHECK(merged.m == whole.m);
  const MergedRows<double> nothing = part(0, 0), with_nothing = merge_rows(nothing, whole);
  CHECK(truth::distance(with_nothing.o, whole.o) <= 1e-15);
  CHECK(merge_rows(nothing, nothing).o == Tensor<double>({4, 3}));
  CHECK(merge_rows(nothing, nothing).d == Tensor<double>({4}));
}

TEST_CASE("top-k: descending, ties by lower index, surplus slots 0 and -1, fused equals separate") {
  const Tensor<float> x({2, 4}, {1, 3, 3, 2, -kInfF, 5, -kInfF, 5});
  for (const TopK<float>& top : {softmax_topk_fused(x, 6), softmax_topk_separate(x, 6)}) {
    CHECK(top.z == Tensor<std::int32_t>({2, 6}, {1, 2, 3, 0, -1, -1, 1, 3, 0, 2, -1, -1}));
    CHECK(top.v(0, 0) ==
          doctest::Approx(std::exp(3.0) / (std::exp(1.0) + 2 * std::exp(3.0) + std::exp(2.0))));
    CHECK(top.v(0, 4) == 0.0F);
    CHECK(top.v(1, 0) == 0.5F);
    CHECK(top.v(1, 2) == 0.0F);
    CHECK(top.v(1, 5) == 0.0F);
  }
  const Tensor<float> wide = truth::normal<float>({3, 1000}, 6);
  const TopK<float> fused = softmax_topk_fused(wide, 5), separate = softmax_topk_separate(wide, 5);
  CHECK(fused.z == separate.z);
  CHECK(truth::distance(fused.v, separate.v.cast<double>()) <= kT32);
  CHECK_THROWS_WITH_AS(softmax_topk_fused(wide, 0), doctest::Contains("k = 0"), Error);
}

TEST_CASE("the trace rescales when the maximum rises and keeps 1 <= d_j <= j + 1") {
  const Tensor<float> x({1, 6}, {-kInfF, 1, 0, 3, 3, -kInfF});
  const std::vector<OnlineStep> steps = online_softmax_trace<float>(x.span());
  REQUIRE(steps.size() == 6);
  CHECK(steps[0].d == 0);
  CHECK(steps[1].new_max);
  CHECK(steps[1].rescale == 0);
  CHECK(steps[2].rescale == 1);
  CHECK(steps[3].rescale == doctest::Approx(std::exp(-2.0)));
  CHECK_FALSE(steps[4].new_max);
  const SoftmaxRows<float> whole = softmax_online(x);
  CHECK(steps[5].m == whole.m[0]);
  CHECK(steps[5].d == whole.d[0]);
  const Tensor<float> longer = truth::normal<float>({1, 5000}, 11, 4);
  for (const OnlineStep& step : online_softmax_trace<float>(longer.span())) {
    CHECK((1 <= step.d && step.d <= static_cast<double>(step.j + 1)));
  }
}

TEST_CASE("softmax over rows refuses what is not a matrix") {
  CHECK_THROWS_WITH_AS(softmax_safe(Tensor<float>({3})), doctest::Contains("[3]"), Error);
  CHECK_THROWS_WITH_AS(softmax_online(Tensor<float>({3, 0})), doctest::Contains("[3, 0]"), Error);
}
