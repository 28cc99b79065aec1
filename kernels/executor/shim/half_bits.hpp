// IEEE binary16 and bfloat16 as bits: conversions rounded to nearest even, as the hardware's cvt.rn does.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace alab::executor {
inline namespace ALAB_BUILD_NAMESPACE {

ALAB_SHIM float half_bits_to_float(std::uint16_t bits) {
  const std::uint32_t sign = static_cast<std::uint32_t>(bits & 0x8000u) << 16;
  const std::uint32_t magnitude = bits & 0x7FFFu;
  if (magnitude >= 0x7C00u) {  // infinity and NaN keep their payload
    return std::bit_cast<float>(sign | 0x7F800000u | (magnitude & 0x3FFu) << 13);
  }
  if (magnitude < 0x400u) {  // subnormal: an exact multiple of 2^-24
    return std::bit_cast<float>(sign |
                                std::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * 0x1p-24f));
  }
  return std::bit_cast<float>(sign | ((magnitude << 13) + ((127u - 15u) << 23)));
}

ALAB_SHIM std::uint16_t float_to_half_bits(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
  const std::uint32_t magnitude = bits & 0x7FFFFFFFu;
  if (magnitude > 0x7F800000u) {
    return 0x7FFFu;  // the one NaN that the hardware gives
  }
  if (magnitude >= 0x477FF000u) {  // 65520 and more round to infinity
    return sign | 0x7C00u;
  }
  if (magnitude < 0x38800000u) {  // below 2^-14: the float addition rounds to multiples of 2^-24
    const float shifted = std::bit_cast<float>(magnitude) + 0.5f;
    return static_cast<std::uint16_t>(sign | (std::bit_cast<std::uint32_t>(shifted) - 0x3F000000u));
  }
  const std::uint32_t even = magnitude >> 13 & 1u;
  return static_cast<std::uint16_t>(sign | ((magnitude - ((127u - 15u) << 23) + 0xFFFu + even) >> 13));
}

ALAB_SHIM float bfloat_bits_to_float(std::uint16_t bits) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16);
}

ALAB_SHIM std::uint16_t float_to_bfloat_bits(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) {
    return 0x7FFFu;
  }
  return static_cast<std::uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16);
}

/// A double rounded to odd where the exact value is a + b: a later rounding to 11 or 8 bits is then the exact
/// one.
ALAB_SHIM double sum_to_odd(double a, double b) {
  const double sum = a + b;
  const double b_part = sum - a;
  const double error = (a - (sum - b_part)) + (b - b_part);
  if (!std::isfinite(sum) || error == 0 || (std::bit_cast<std::uint64_t>(sum) & 1u) != 0) {
    return sum;
  }
  return std::nextafter(sum, error > 0 ? HUGE_VAL : -HUGE_VAL);
}

/// A double as a float rounded to odd, so that rounding it again to 11 or 8 bits is exact.
ALAB_SHIM float float_to_odd(double value) {
  const auto nearest = static_cast<float>(value);
  const auto back = static_cast<double>(nearest);
  if (std::isnan(value) || back == value || (std::bit_cast<std::uint32_t>(nearest) & 1u) != 0) {
    return nearest;
  }
  if (std::isinf(nearest)) {
    return nearest;
  }
  return std::nextafterf(nearest, back < value ? HUGE_VALF : -HUGE_VALF);
}

/// a b + c with one rounding at the end, for 11- or 8-bit operands (their product is exact in double).
ALAB_SHIM float fused_to_odd(float a, float b, float c) {
  return float_to_odd(sum_to_odd(static_cast<double>(a) * static_cast<double>(b), static_cast<double>(c)));
}

}  // namespace ALAB_BUILD_NAMESPACE
}  // namespace alab::executor
