// The 16-bit floating types and their pairs, one template for both formats; every operation rounds once.
// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <type_traits>

#include "kernels/executor/include/cuda_runtime.h"
#include "kernels/executor/shim/half_bits.hpp"

namespace alab::executor {
inline namespace ALAB_BUILD_NAMESPACE {

struct HalfFormat {
  ALAB_SHIM static float widen(std::uint16_t bits) { return half_bits_to_float(bits); }
  ALAB_SHIM static std::uint16_t narrow(float value) { return float_to_half_bits(value); }
};
struct BfloatFormat {
  ALAB_SHIM static float widen(std::uint16_t bits) { return bfloat_bits_to_float(bits); }
  ALAB_SHIM static std::uint16_t narrow(float value) { return float_to_bfloat_bits(value); }
};

template <class Format>
struct Narrow {
  std::uint16_t bits;

  constexpr Narrow() = default;
  ALAB_SHIM Narrow(alab_float value) : bits(Format::narrow(plain_value(value))) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> ALAB_SHIM Narrow(Number value)
      : bits(Format::narrow(float_to_odd(static_cast<double>(value)))) {}
  ALAB_SHIM operator alab_float() const { return wide(); }
  ALAB_SHIM float wide() const { return Format::widen(bits); }
  ALAB_SHIM static Narrow of_bits(std::uint16_t bits) {
    Narrow n;
    n.bits = bits;
    return n;
  }
  ALAB_SHIM Narrow operator-() const { return of_bits(bits ^ 0x8000u); }
  ALAB_SHIM Narrow operator+() const { return *this; }
  // Through float: 24 bits are at least 2 p + 2 for p = 11 and p = 8, so rounding twice is rounding once.
  ALAB_SHIM friend Narrow operator+(const Narrow& a, const Narrow& b) {
    ALAB_COUNT(half_add);
    return {alab_rounded(a.wide() + b.wide())};
  }
  ALAB_SHIM friend Narrow operator-(const Narrow& a, const Narrow& b) {
    ALAB_COUNT(half_add);
    return {alab_rounded(a.wide() - b.wide())};
  }
  ALAB_SHIM friend Narrow operator*(const Narrow& a, const Narrow& b) {
    ALAB_COUNT(half_mul);
    return {alab_rounded(a.wide() * b.wide())};
  }
  ALAB_SHIM friend Narrow operator/(const Narrow& a, const Narrow& b) {
    ALAB_COUNT(division);
    return {a.wide() / b.wide()};
  }
  ALAB_SHIM Narrow& operator+=(const Narrow& b) { return *this = *this + b; }
  ALAB_SHIM Narrow& operator-=(const Narrow& b) { return *this = *this - b; }
  ALAB_SHIM Narrow& operator*=(const Narrow& b) { return *this = *this * b; }
  ALAB_SHIM Narrow& operator/=(const Narrow& b) { return *this = *this / b; }
  ALAB_SHIM friend bool operator==(const Narrow& a, const Narrow& b) {
    ALAB_COUNT(compare);
    return a.wide() == b.wide();
  }
  ALAB_SHIM friend bool operator!=(const Narrow& a, const Narrow& b) {
    ALAB_COUNT(compare);
    return a.wide() != b.wide();
  }
  ALAB_SHIM friend bool operator<(const Narrow& a, const Narrow& b) {
    ALAB_COUNT(compare);
    return a.wide() < b.wide();
  }
  ALAB_SHIM friend bool operator>(const Narrow& a, const Narrow& b) {
    ALAB_COUNT(compare);
    return a.wide() > b.wide();
  }
  ALAB_SHIM friend bool operator<=(const Narrow& a, const Narrow& b) {
    ALAB_COUNT(compare);
    return a.wide() <= b.wide();
  }
  ALAB_SHIM friend bool operator>=(const Narrow& a, const Narrow& b) {
    ALAB_COUNT(compare);
    return a.wide() >= b.wide();
  }
};

template <class Format>
struct alignas(4) NarrowPair {
  Narrow<Format> x, y;

  constexpr NarrowPair() = default;
  ALAB_SHIM NarrowPair(const Narrow<Format>& a, const Narrow<Format>& b) : x(a), y(b) {}
  ALAB_SHIM NarrowPair operator-() const { return {-x, -y}; }
  ALAB_SHIM friend NarrowPair operator+(const NarrowPair& a, const NarrowPair& b) {
    return {a.x + b.x, a.y + b.y};
  }
  ALAB_SHIM friend NarrowPair operator-(const NarrowPair& a, const NarrowPair& b) {
    return {a.x - b.x, a.y - b.y};
  }
  ALAB_SHIM friend NarrowPair operator*(const NarrowPair& a, const NarrowPair& b) {
    return {a.x * b.x, a.y * b.y};
  }
  ALAB_SHIM friend NarrowPair operator/(const NarrowPair& a, const NarrowPair& b) {
    return {a.x / b.x, a.y / b.y};
  }
  ALAB_SHIM NarrowPair& operator+=(const NarrowPair& b) { return *this = *this + b; }
  ALAB_SHIM NarrowPair& operator-=(const NarrowPair& b) { return *this = *this - b; }
  ALAB_SHIM NarrowPair& operator*=(const NarrowPair& b) { return *this = *this * b; }
  ALAB_SHIM NarrowPair& operator/=(const NarrowPair& b) { return *this = *this / b; }
  ALAB_SHIM friend bool operator==(const NarrowPair& a, const NarrowPair& b) {
    return a.x == b.x && a.y == b.y;
  }
};

template <class Format>
ALAB_SHIM Narrow<Format> fused(const Narrow<Format>& a, const Narrow<Format>& b, const Narrow<Format>& c) {
  ALAB_COUNT(half_fma);
  return {fused_to_odd(a.wide(), b.wide(), c.wide())};
}

}  // namespace ALAB_BUILD_NAMESPACE
}  // namespace alab::executor

// Functions that CUDA has for both formats under one name.
#define ALAB_N ::alab::executor::Narrow<F>
#define ALAB_P ::alab::executor::NarrowPair<F>
#define ALAB_BINARY(name, pair_name, expression)               \
  template <class F>                                           \
  ALAB_SHIM ALAB_N name(const ALAB_N a, const ALAB_N b) {      \
    return expression;                                         \
  }                                                            \
  template <class F>                                           \
  ALAB_SHIM ALAB_P pair_name(const ALAB_P a, const ALAB_P b) { \
    return {name(a.x, b.x), name(a.y, b.y)};                   \
  }
#define ALAB_UNARY(name, pair_name, expression) \
  template <class F>                            \
  ALAB_SHIM ALAB_N name(const ALAB_N a) {       \
    return expression;                          \
  }                                             \
  template <class F>                            \
  ALAB_SHIM ALAB_P pair_name(const ALAB_P a) {  \
    return {name(a.x), name(a.y)};              \
  }
#define ALAB_COMPARE(name, expression)                  \
  template <class F>                                    \
  ALAB_SHIM bool name(const ALAB_N a, const ALAB_N b) { \
    return expression;                                  \
  }

ALAB_BINARY(__hadd, __hadd2, a + b)
ALAB_BINARY(__hsub, __hsub2, a - b)
ALAB_BINARY(__hmul, __hmul2, a* b)
ALAB_BINARY(__hdiv, __h2div, a / b)
ALAB_BINARY(__hmax, __hmax2, ALAB_N(fmaxf(a, b)))
ALAB_BINARY(__hmin, __hmin2, ALAB_N(fminf(a, b)))
ALAB_UNARY(__hneg, __hneg2, -a)
ALAB_UNARY(__habs, __habs2, ALAB_N::of_bits(a.bits & 0x7FFFu))
ALAB_UNARY(hexp, h2exp, ALAB_N(expf(a)))
ALAB_UNARY(hexp2, h2exp2, ALAB_N(exp2f(a)))
ALAB_UNARY(hlog, h2log, ALAB_N(logf(a)))
ALAB_UNARY(hlog2, h2log2, ALAB_N(log2f(a)))
ALAB_UNARY(hsqrt, h2sqrt, ALAB_N(sqrtf(a)))
ALAB_UNARY(hrsqrt, h2rsqrt, ALAB_N(rsqrtf(a)))
ALAB_UNARY(hrcp, h2rcp, ALAB_N(alab_float(1) / alab_float(a)))
ALAB_UNARY(htanh, h2tanh, ALAB_N(tanhf(a)))
ALAB_UNARY(hsin, h2sin, ALAB_N(sinf(a)))
ALAB_UNARY(hcos, h2cos, ALAB_N(cosf(a)))
ALAB_UNARY(hfloor, h2floor, ALAB_N(floorf(a)))
ALAB_UNARY(hceil, h2ceil, ALAB_N(ceilf(a)))
ALAB_UNARY(hrint, h2rint, ALAB_N(rintf(a)))
ALAB_COMPARE(__heq, a == b)
ALAB_COMPARE(__hne, a<b || a> b)
ALAB_COMPARE(__hlt, a < b)
ALAB_COMPARE(__hle, a <= b)
ALAB_COMPARE(__hgt, a > b)
ALAB_COMPARE(__hge, a >= b)
template <class F>
ALAB_SHIM ALAB_N __hfma(const ALAB_N a, const ALAB_N b, const ALAB_N c) {
  return ::alab::executor::fused(a, b, c);
}
template <class F>
ALAB_SHIM ALAB_P __hfma2(const ALAB_P a, const ALAB_P b, const ALAB_P c) {
  return {::alab::executor::fused(a.x, b.x, c.x), ::alab::executor::fused(a.y, b.y, c.y)};
}
template <class F>
ALAB_SHIM bool __hisnan(const ALAB_N a) {
  return std::isnan(a.wide());
}
template <class F>
ALAB_SHIM int __hisinf(const ALAB_N a) {
  return std::isinf(a.wide()) ? (a.wide() > 0 ? 1 : -1) : 0;
}
template <class F>
ALAB_SHIM alab_float __low2float(const ALAB_P a) {
  return alab_float(a.x);
}
template <class F>
ALAB_SHIM alab_float __high2float(const ALAB_P a) {
  return alab_float(a.y);
}
template <class F>
ALAB_SHIM ALAB_N atomicAdd(ALAB_N* address, const ALAB_N value) {
  return ALAB_N::of_bits(::alab::executor::atomic_update(
      &address->bits, [value](std::uint16_t old) { return (ALAB_N::of_bits(old) + value).bits; }));
}
template <class F>
ALAB_SHIM ALAB_P atomicAdd(ALAB_P* address, const ALAB_P value) {
  return {atomicAdd(&address->x, value.x), atomicAdd(&address->y, value.y)};
}

#undef ALAB_BINARY
#undef ALAB_UNARY
#undef ALAB_COMPARE
#undef ALAB_N
#undef ALAB_P
