// float of the build that counts operations: the same four bytes, and every operation adds one to its kind. A
// product stays a product until something is done with it, so that a b + c counts as the one multiply-add
// that nvcc makes of it. What both compilers work out beforehand, of constants alone, is not counted.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <limits>
#include <type_traits>

#include "kernels/executor/flops.hpp"
#include "kernels/executor/shim/qualifiers.hpp"

namespace alab::executor {
inline namespace ALAB_BUILD_NAMESPACE {

using counted::FlopKind;

struct Float;
template <class T>
concept VolatileFloat = std::same_as<T, volatile Float> || std::same_as<T, const volatile Float>;
template <class T>
concept FloatSource = std::convertible_to<T, Float> || VolatileFloat<T>;

struct Float {
  float v;

  constexpr Float() = default;
  ALAB_SHIM constexpr Float(float x) : v(x) {}
  template <class T>
  requires std::is_arithmetic_v<T> ALAB_SHIM constexpr Float(T x) : v(static_cast<float>(x)) {}
  template <VolatileFloat T>
  ALAB_SHIM constexpr Float(T& x) : v(x.v) {}
  template <class T>
  requires std::is_arithmetic_v<T> ALAB_SHIM explicit constexpr operator T() const {
    return static_cast<T>(v);
  }
  // Templates, so that copying stays trivial.
  template <FloatSource T>
  ALAB_SHIM constexpr Float& operator=(const T& x) {
    v = Float(x).v;
    return *this;
  }
  template <FloatSource T>
  ALAB_SHIM void operator=(const T& x) volatile {
    v = Float(x).v;
  }
};
static_assert(sizeof(Float) == 4 && std::is_trivially_copyable_v<Float> &&
              std::is_trivially_default_constructible_v<Float>);

ALAB_SHIM constexpr float plain_value(Float x) {
  return x.v;
}

// Not found by argument: kernels have functions of their own.
namespace counting {

/// The record of this place. Each inlined copy writes one, into the section group of the function that it is
/// inlined into; volatile, so that no two places become one.
ALAB_SHIM counted::FlopSite* site(FlopKind kind) {
  counted::FlopSite* record;
  asm volatile(
      ".pushsection alab_flop_sites, \"aw?\"\n\t.balign 8\n"
      "1:\t.quad 0\n\t.long 2f - ., %c1\n\t.popsection\n\t"
#if defined(__aarch64__)
      "adrp\t%0, 1b\n\tadd\t%0, %0, :lo12:1b\n2:"
#else
      "leaq\t1b(%%rip), %0\n2:"
#endif
      : "=r"(record)
      : "i"(static_cast<int>(kind)));
  return record;
}

ALAB_SHIM constexpr void count(FlopKind kind) {
  if (!std::is_constant_evaluated()) {
    auto* const own = reinterpret_cast<std::byte*>(site(kind)) + counted::t_flop_shift;
    ++reinterpret_cast<counted::FlopSite*>(own)->count;
  }
}

/// Whether the compiler knows the value.
ALAB_SHIM constexpr bool known(Float x) {
  return __builtin_constant_p(x.v) != 0;
}
/// 1 or -1: nvcc leaves the multiplication out.
ALAB_SHIM constexpr bool known_unit(Float x) {
  return known(x) && (x.v == 1 || x.v == -1);
}
/// nvcc multiplies by its reciprocal.
ALAB_SHIM constexpr bool known_power_of_two(Float x) {
  return known(x) && (std::bit_cast<unsigned>(x.v) & 0x7FFFFFu) == 0 && x.v != 0;
}

ALAB_SHIM constexpr Float multiplied(Float a, Float b) {
  if (!(known(a) && known(b)) && !known_unit(a) && !known_unit(b)) {
    count(FlopKind::fmul);
  }
  return a.v * b.v;
}
ALAB_SHIM constexpr Float added(Float a, Float b) {
  if (!(known(a) && known(b))) {
    count(FlopKind::fadd);
  }
  return a.v + b.v;
}
/// a b + c with one rounding where this machine has the instruction.
ALAB_SHIM constexpr Float fused(Float a, Float b, Float c) {
  if (known_unit(a) || known_unit(b) || (known(a) && known(b))) {
    return added(a.v * b.v, c);
  }
  count(FlopKind::ffma);
  return a.v * b.v + c.v;
}
ALAB_SHIM constexpr Float divided(Float a, Float b) {
  if (known_power_of_two(b)) {
    return multiplied(a, 1 / b.v);
  }
  if (!(known(a) && known(b))) {
    count(FlopKind::division);
  }
  return a.v / b.v;
}

}  // namespace counting

/// a b, not yet carried out.
struct Product {
  Float a, b;

  ALAB_SHIM constexpr operator Float() const { return counting::multiplied(a, b); }
  template <class T>
  requires std::is_arithmetic_v<T> ALAB_SHIM explicit constexpr operator T() const {
    return static_cast<T>(counting::multiplied(a, b).v);
  }
};

// A sign is part of the instruction that uses the value.
ALAB_SHIM constexpr Float operator-(Float a) {
  return -a.v;
}
ALAB_SHIM constexpr Float operator+(Float a) {
  return a;
}
ALAB_SHIM constexpr Product operator-(Product p) {
  return {-p.a.v, p.b};
}

ALAB_SHIM constexpr Product operator*(Float a, Float b) {
  return {a, b};
}
ALAB_SHIM constexpr Float operator/(Float a, Float b) {
  return counting::divided(a, b);
}
ALAB_SHIM constexpr Float operator+(Float a, Float b) {
  return counting::added(a, b);
}
ALAB_SHIM constexpr Float operator+(Product p, Float c) {
  return counting::fused(p.a, p.b, c);
}
ALAB_SHIM constexpr Float operator+(Float c, Product p) {
  return counting::fused(p.a, p.b, c);
}
ALAB_SHIM constexpr Float operator+(Product p, Product q) {
  return counting::fused(p.a, p.b, q);
}
ALAB_SHIM constexpr Float operator-(Float a, Float b) {
  return counting::added(a, -b.v);
}
ALAB_SHIM constexpr Float operator-(Product p, Float c) {
  return counting::fused(p.a, p.b, -c.v);
}
ALAB_SHIM constexpr Float operator-(Float c, Product p) {
  return counting::fused(-p.a.v, p.b, c);
}
ALAB_SHIM constexpr Float operator-(Product p, Product q) {
  return counting::fused(p.a, p.b, -Float(q).v);
}

template <class T>
concept FloatValue = std::same_as<T, Float> || std::same_as<T, Product>;

#define ALAB_COMPOUND(op, Value)                                 \
  ALAB_SHIM constexpr Float& operator op##=(Float& a, Value b) { \
    return a = Float(a op b);                                    \
  }                                                              \
  ALAB_SHIM void operator op##=(volatile Float& a, Value b) {    \
    a = Float(Float(a) op b);                                    \
  }
ALAB_COMPOUND(+, Float)
ALAB_COMPOUND(+, Product)
ALAB_COMPOUND(-, Float)
ALAB_COMPOUND(-, Product)
ALAB_COMPOUND(*, Float)
ALAB_COMPOUND(*, Product)
ALAB_COMPOUND(/, Float)
ALAB_COMPOUND(/, Product)
#undef ALAB_COMPOUND

ALAB_SHIM constexpr Float& operator++(Float& a) {
  return a += 1;
}
ALAB_SHIM constexpr Float& operator--(Float& a) {
  return a -= 1;
}

// With a double the operation is in double precision, which is not counted.
#define ALAB_WITH_DOUBLE(Result, op)                 \
  template <FloatValue A, std::same_as<double> T>    \
  ALAB_SHIM constexpr Result operator op(A a, T b) { \
    return static_cast<double>(a) op b;              \
  }                                                  \
  template <std::same_as<double> T, FloatValue B>    \
  ALAB_SHIM constexpr Result operator op(T a, B b) { \
    return a op static_cast<double>(b);              \
  }
#define ALAB_COMPARE(op)                                   \
  ALAB_SHIM constexpr bool operator op(Float a, Float b) { \
    if (!(counting::known(a) && counting::known(b))) {     \
      counting::count(FlopKind::compare);                  \
    }                                                      \
    return a.v op b.v;                                     \
  }                                                        \
  ALAB_WITH_DOUBLE(bool, op)
ALAB_WITH_DOUBLE(double, +)
ALAB_WITH_DOUBLE(double, -)
ALAB_WITH_DOUBLE(double, *)
ALAB_WITH_DOUBLE(double, /)
ALAB_COMPARE(==)
ALAB_COMPARE(!=)
ALAB_COMPARE(<)
ALAB_COMPARE(>)
ALAB_COMPARE(<=)
ALAB_COMPARE(>=)
#undef ALAB_COMPARE
#undef ALAB_WITH_DOUBLE

template <>
struct Passed<Product> {
  using type = Float;
};

}  // namespace ALAB_BUILD_NAMESPACE
}  // namespace alab::executor

template <>
struct std::numeric_limits<alab::executor::Float> : std::numeric_limits<float> {};

using alab_float = alab::executor::Float;
