// SPDX-License-Identifier: MIT
#include "reference/core/compare.hpp"

#include <cmath>
#include <limits>

namespace alab {
namespace {

bool same_special(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || (std::isinf(a) && std::isinf(b) && (a > 0) == (b > 0));
}

std::string position(std::int64_t flat, const Shape& shape) {
  Shape at(shape.size());
  for (std::size_t axis = shape.size(); axis-- > 0;) {
    at[axis] = shape[axis] > 0 ? flat % shape[axis] : 0;
    flat = shape[axis] > 0 ? flat / shape[axis] : 0;
  }
  return to_string(at);
}

}  // namespace

template <class T>
Difference difference(std::span<const T> got, std::span<const double> truth) {
  Difference out;
  if (got.size() != truth.size()) {
    out.comparable = false;
    out.rel_l2 = out.max_abs = std::numeric_limits<double>::quiet_NaN();
    return out;
  }
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    const double g = static_cast<double>(got[i]);
    const double t = truth[i];
    if (std::isfinite(t) && std::isfinite(g)) {
      const double d = std::abs(g - t);
      error += d * d;
      norm += t * t;
      if (out.mismatched == 0 && (out.worst < 0 || d > out.max_abs)) {
        out.max_abs = d;
        out.worst = static_cast<std::int64_t>(i);
      }
    } else if (!same_special(g, t)) {
      if (out.mismatched++ == 0) {
        out.worst = static_cast<std::int64_t>(i);
      }
    }
  }
  out.rel_l2 = norm > 0 ? std::sqrt(error / norm) : std::sqrt(error);
  if (out.mismatched > 0) {
    out.rel_l2 = out.max_abs = std::numeric_limits<double>::quiet_NaN();
  }
  return out;
}

bool within(const Difference& d, const Tolerance& tolerance) {
  return d.comparable && d.mismatched == 0 && d.rel_l2 <= tolerance.rel_l2 && d.max_abs <= tolerance.max_abs;
}

template <class T>
Tolerance derived_tolerance(std::span<const T> plain, std::span<const double> truth) {
  const Difference d = difference<T>(plain, truth);
  const double eps = static_cast<double>(std::numeric_limits<T>::epsilon());
  double largest = 0;
  for (const double t : truth) {
    if (std::isfinite(t)) {
      largest = std::max(largest, std::abs(t));
    }
  }
  return {2 * d.rel_l2 + 4 * eps, 2 * d.max_abs + 4 * eps * largest};
}

Check compare(std::string key, std::string label, const Difference& d, const Tolerance& tolerance,
              const Shape& shape, Provenance provenance) {
  Check check =
      check_at_most(std::move(key), std::move(label), d.rel_l2, tolerance.rel_l2, std::move(provenance));
  if (!d.comparable) {
    check.detail = text("the sizes differ; expected shape ", to_string(shape));
  } else if (d.mismatched > 0) {
    check.detail =
        text(d.mismatched, " elements differ in finiteness, the first at ", position(d.worst, shape));
  } else if (!(d.max_abs <= tolerance.max_abs)) {
    check.value = std::numeric_limits<double>::quiet_NaN();
    check.detail = text("largest error ", format_value(d.max_abs, "error"), " at ", position(d.worst, shape),
                        " is over ", format_value(tolerance.max_abs, "error"));
  } else if (!check.passed()) {
    check.detail =
        text("relative error ", format_value(d.rel_l2, "error"), " is over ",
             format_value(tolerance.rel_l2, "error"), "; worst element ", position(d.worst, shape));
  }
  return check;
}

template Difference difference<float>(std::span<const float>, std::span<const double>);
template Difference difference<double>(std::span<const double>, std::span<const double>);
template Tolerance derived_tolerance<float>(std::span<const float>, std::span<const double>);
template Tolerance derived_tolerance<double>(std::span<const double>, std::span<const double>);

}  // namespace alab
