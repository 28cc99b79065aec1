// exp(x.y) is an endless sum of polynomial kernels: what cutting it off costs, and what each degree costs.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_02_kernel_trick/experiments.hpp"
#include "labs/ch05_02_kernel_trick/params.hpp"
#include "labs/common/sweep.hpp"

namespace alab::kernel_trick {
namespace {

constexpr int kDegrees = 24;

/// sum_{n <= degree} s^n / n!.
double truncated(double s, int degree) {
  double term = 1, sum = 1;
  for (int n = 1; n <= degree; ++n) {
    term *= s / n;
    sum += term;
  }
  return sum;
}

/// Largest error on [-span, span].
double worst_error(double span, int degree) {
  double worst = 0;
  for (const double s : evenly(-span, span, 201)) {
    const double error = std::abs(std::exp(s) - truncated(s, degree));
    worst = error <= worst ? worst : error;
  }
  return worst;
}

/// Monomials of degree at most p in d variables: C(d + p, p).
double features_of(double d, int p) {
  double out = 1;
  for (int i = 1; i <= p; ++i) {
    out *= (d + i) / i;
  }
  return std::round(out);
}

}  // namespace

Result run_series(const ParamSet& params, const Context& context) {
  const double span = params.real(kSpan), d = params.real(kSeriesDim);
  std::vector<double> degrees, errors, features;
  double enough = 0;
  for (int p = 0; p <= kDegrees; ++p) {
    context.progress.step(static_cast<double>(p) / kDegrees, text("degree ", p));
    const double error = worst_error(span, p);
    enough = enough == 0 && error <= 0.01 ? p : enough;
    if (error > 1e-14 * std::exp(span)) {
      degrees.push_back(p);
      errors.push_back(error);
      features.push_back(features_of(d, p));
    }
  }
  const Provenance here = measured_here("double, 201 points"), count = modelled_by("C(d + p, p)");
  const auto at_degree = [&](int p) { return worst_error(span, p); };
  Plot error{
      "error",
      text("Degree ", enough, " is needed for an error of 0.01 up to |x.y| = ", format_value(span, "")),
      "Largest distance between exp(x.y) and its series up to degree p. It never becomes 0.",
      {"degree p", "", false},
      {"largest error", "", true},
      {}};
  error.series = {plain("error", "largest error", degrees, errors, here, SeriesStyle::line_and_markers),
                  level("percent", "0.01", 0, degrees.back(), 0.01, modelled_by("0.01"))};
  Plot cost{"features",
            text("What each degree costs at d = ", d),
            "Packed features of the exact map for the series up to degree p.",
            {"degree p", "", false},
            {"features m", "", true},
            {}};
  cost.series = {plain("features", "features", degrees, features, count, SeriesStyle::line_and_markers)};
  const std::vector<double> xs = evenly(-span, span, 121);
  Plot curves{"curves",
              "The series hugs exp near 0 and leaves it at both ends",
              "Odd degrees fall below zero on the left: no weight of attention does.",
              {"x.y", "", false},
              {"kernel value", "", false},
              {}};
  const auto curve = [&](std::string key, std::string label, auto value, Provenance from, SeriesStyle style) {
    std::vector<double> ys;
    for (const double x : xs) {
      ys.push_back(value(x));
    }
    curves.series.push_back(plain(std::move(key), std::move(label), xs, ys, std::move(from), style));
  };
  curve(
      "exp", "exp(x.y)", [](double x) { return std::exp(x); }, here, SeriesStyle::line);
  for (const int p : {1, 2, 4}) {
    curve(
        text("degree_", p), text("degree ", p), [p](double x) { return truncated(x, p); }, here,
        SeriesStyle::dashed);
  }
  Result result;
  result.plots = {std::move(error), std::move(cost), std::move(curves)};
  result.scalars = {
      scalar("degree_enough", "smallest degree with an error of 0.01 or less", enough, "count", here),
      scalar("error_2", "largest error of degree 2", at_degree(2), "", here),
      scalar("error_4", "largest error of degree 4", at_degree(4), "", here),
      scalar("features_2", "features of degree 2", features_of(d, 2), "count", count),
      scalar("features_4", "features of degree 4", features_of(d, 4), "count", count),
      scalar("features_enough", "features of that degree", features_of(d, static_cast<int>(enough)), "count",
             count)};
  if (span <= 1) {
    result.checks = {
        check_at_most("degree_2", "|x.y| <= 1: degree 2 errs by at most e - 2.5 = 0.2184", at_degree(2),
                      0.2184, here),
        check_at_most("degree_4", "|x.y| <= 1: degree 4 errs by at most 0.01", at_degree(4), 0.01, here)};
  } else {
    result.notes.push_back("The two bounds are stated for |x.y| <= 1; here the scores are larger.");
  }
  double rising = 0;
  for (int p = 1; p <= kDegrees; ++p) {
    const double error_p = worst_error(span, p);
    const bool rounding = error_p <= 1e-12 * std::exp(span);
    rising += p > span && !rounding && error_p > worst_error(span, p - 1) ? 1 : 0;
  }
  result.checks.push_back(check_exactly("falls",
                                        "beyond degree |x.y| each further degree lowers the error "
                                        "(exceptions, rounding apart)",
                                        rising, 0, here));
  return result;
}

}  // namespace alab::kernel_trick
