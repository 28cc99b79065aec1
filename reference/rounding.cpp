// SPDX-License-Identifier: MIT
#include "reference/rounding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

namespace alab {

namespace {

/// A binary format: bits of the fraction, smallest normal exponent, largest finite value.
struct Grid {
  int fraction_bits, lowest_exponent;
  double largest;
};

constexpr Grid grid_of(NumberFormat format) {
  switch (format) {
    case NumberFormat::fp16:
      return {10, -14, 65504.0};
    case NumberFormat::bf16:
      return {7, -126, 0x1.FEp127};
    default:
      return {23, -126, static_cast<double>(std::numeric_limits<float>::max())};
  }
}

/// Any value of these formats and of float is exact in double, so one division and one rounding suffice.
double on_grid(double x, const Grid& grid) {
  if (!std::isfinite(x) || x == 0) {
    return x;
  }
  int exponent = 0;
  std::frexp(x, &exponent);  // |x| in [2^(exponent-1), 2^exponent)
  const int unit = std::max(exponent - 1, grid.lowest_exponent) - grid.fraction_bits;
  const double nearest = std::ldexp(std::nearbyint(std::ldexp(x, -unit)), unit);
  return std::abs(nearest) > grid.largest ? std::copysign(std::numeric_limits<double>::infinity(), x)
                                          : nearest;
}

}  // namespace

std::string_view to_string(NumberFormat format) {
  switch (format) {
    case NumberFormat::fp32:
      return "fp32";
    case NumberFormat::bf16:
      return "bf16";
    case NumberFormat::fp16:
      return "fp16";
    default:
      return "full";
  }
}

template <class T>
T rounded(T x, NumberFormat format) {
  if (format == NumberFormat::full || (format == NumberFormat::fp32 && std::is_same_v<T, float>)) {
    return x;
  }
  return static_cast<T>(on_grid(static_cast<double>(x), grid_of(format)));
}

template <class T>
void round_all(std::span<T> values, NumberFormat format) {
  if (format != NumberFormat::full) {
    for (T& value : values) {
      value = rounded(value, format);
    }
  }
}

double largest_of(NumberFormat format) {
  return format == NumberFormat::full ? std::numeric_limits<double>::infinity() : grid_of(format).largest;
}

double smallest_of(NumberFormat format) {
  const Grid grid = grid_of(format);
  return format == NumberFormat::full ? 0 : std::ldexp(1.0, grid.lowest_exponent - grid.fraction_bits);
}

double nats_of(NumberFormat format) {
  return std::log(largest_of(format));
}

template float rounded(float, NumberFormat);
template double rounded(double, NumberFormat);
template void round_all(std::span<float>, NumberFormat);
template void round_all(std::span<double>, NumberFormat);

}  // namespace alab
