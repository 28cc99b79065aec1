#include "reference/core/compare.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

using namespace alab;

namespace {
constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr Tolerance kLoose{1e9, 1e9};

Difference between(std::vector<double> got, std::vector<double> truth) {
  return difference<double>(std::span<const double>(got), std::span<const double>(truth));
}
}  // namespace

TEST_CASE("equal arrays pass, infinities in the same place and sign included") {
  CHECK(within(between({1, 2, -kInf}, {1, 2, -kInf}), {0, 0}));
  CHECK(within(between({}, {}), {0, 0}));
}

TEST_CASE("NaN, a misplaced infinity or the wrong sign fail even the loosest tolerance") {
  CHECK_FALSE(within(between({kNan, 2}, {1, 2}), kLoose));
  CHECK_FALSE(within(between({kInf, 2}, {1, 2}), kLoose));
  CHECK_FALSE(within(between({1, 2}, {kInf, 2}), kLoose));
  CHECK_FALSE(within(between({-kInf, 2}, {kInf, 2}), kLoose));
  CHECK_FALSE(within(between({1}, {1, 2}), kLoose));
}

TEST_CASE("the relative error is against the truth, absolute when the truth is zero") {
  CHECK(between({3, 4}, {0, 0}).rel_l2 == doctest::Approx(5));
  CHECK(between({1.1, 0}, {1, 0}).rel_l2 == doctest::Approx(0.1));
  CHECK(between({1, 2.5}, {1, 2}).worst == 1);
}

TEST_CASE("a check built from a difference names the worst element and fails on NaN") {
  const Provenance here{Provenance::measured, "this CPU"};
  const Check bad = compare("o", "output", between({1, kNan}, {1, 2}), kLoose, {1, 2}, here);
  CHECK_FALSE(bad.passed());
  CHECK(bad.detail.find("[0, 1]") != std::string::npos);
  const Check outlier = compare("o", "output", between({1, 2.5}, {1, 2}), {1, 0.1}, {2, 1}, here);
  CHECK_FALSE(outlier.passed());
  CHECK(compare("o", "output", between({1, 2}, {1, 2}), {0, 0}, {2}, here).passed());
  CHECK_FALSE(check_at_most("k", "l", kNan, 1, here).passed());
}

TEST_CASE("the derived tolerance is twice the plain form's error plus a rounding floor") {
  const std::vector<float> plain{1.0F, 2.001F};
  const std::vector<double> truth{1, 2};
  const Tolerance t = derived_tolerance<float>(plain, truth);
  CHECK(t.max_abs == doctest::Approx(0.002).epsilon(0.01));
  const std::vector<float> zeros{0.0F, 0.0F};
  CHECK_FALSE(within(difference<float>(zeros, truth), t));
}
