// Device math: the fast intrinsics are computed at the host library's accuracy or correctly rounded.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>

#include "kernels/executor/shim/qualifiers.hpp"

// glibc declares some of these names with C linkage; the definitions here then take that linkage.
ALAB_SHIM float __expf(float x) noexcept {
  return expf(x);
}
ALAB_SHIM float __exp10f(float x) noexcept {
  return exp10f(x);
}
ALAB_SHIM float __logf(float x) noexcept {
  return logf(x);
}
ALAB_SHIM float __log2f(float x) noexcept {
  return log2f(x);
}
ALAB_SHIM float __log10f(float x) noexcept {
  return log10f(x);
}
ALAB_SHIM float __powf(float x, float y) noexcept {
  return powf(x, y);
}
ALAB_SHIM float __sinf(float x) noexcept {
  return sinf(x);
}
ALAB_SHIM float __cosf(float x) noexcept {
  return cosf(x);
}
ALAB_SHIM float __tanf(float x) noexcept {
  return tanf(x);
}
ALAB_SHIM float __tanhf(float x) noexcept {
  return tanhf(x);
}
ALAB_SHIM void __sincosf(float x, float* s, float* c) noexcept {
  *s = sinf(x);
  *c = cosf(x);
}
ALAB_SHIM float __fdividef(float a, float b) {
  return a / b;
}
ALAB_SHIM float fdividef(float a, float b) {
  return a / b;
}
ALAB_SHIM float rsqrtf(float x) noexcept {
  return 1.0f / sqrtf(x);
}
ALAB_SHIM double rsqrt(double x) noexcept {
  return 1.0 / sqrt(x);
}
ALAB_SHIM float __saturatef(float x) {
  return x >= 0.0f ? (x <= 1.0f ? x : 1.0f) : 0.0f;
}

// Rounded here and now: the compiler may not fuse the result with the next operation.
template <class T>
ALAB_SHIM T alab_rounded(T value) {
#if defined(__x86_64__)
  asm("" : "+x"(value));
#elif defined(__aarch64__)
  asm("" : "+w"(value));
#endif
  return value;
}
ALAB_SHIM float __fadd_rn(float a, float b) {
  return alab_rounded(a + b);
}
ALAB_SHIM float __fsub_rn(float a, float b) {
  return alab_rounded(a - b);
}
ALAB_SHIM float __fmul_rn(float a, float b) {
  return alab_rounded(a * b);
}
ALAB_SHIM float __fdiv_rn(float a, float b) {
  return alab_rounded(a / b);
}
ALAB_SHIM float __fmaf_rn(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}
ALAB_SHIM float __frcp_rn(float x) {
  return alab_rounded(1.0f / x);
}
ALAB_SHIM float __fsqrt_rn(float x) {
  return alab_rounded(sqrtf(x));
}
ALAB_SHIM float __frsqrt_rn(float x) {
  return static_cast<float>(1.0 / sqrt(double{x}));
}
ALAB_SHIM double __dadd_rn(double a, double b) {
  return alab_rounded(a + b);
}
ALAB_SHIM double __dsub_rn(double a, double b) {
  return alab_rounded(a - b);
}
ALAB_SHIM double __dmul_rn(double a, double b) {
  return alab_rounded(a * b);
}
ALAB_SHIM double __ddiv_rn(double a, double b) {
  return alab_rounded(a / b);
}
ALAB_SHIM double __fma_rn(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}
ALAB_SHIM double __dsqrt_rn(double x) {
  return alab_rounded(sqrt(x));
}

ALAB_SHIM int __float_as_int(float x) {
  return std::bit_cast<int>(x);
}
ALAB_SHIM unsigned __float_as_uint(float x) {
  return std::bit_cast<unsigned>(x);
}
ALAB_SHIM float __int_as_float(int x) {
  return std::bit_cast<float>(x);
}
ALAB_SHIM float __uint_as_float(unsigned x) {
  return std::bit_cast<float>(x);
}
ALAB_SHIM long long __double_as_longlong(double x) {
  return std::bit_cast<long long>(x);
}
ALAB_SHIM double __longlong_as_double(long long x) {
  return std::bit_cast<double>(x);
}

ALAB_SHIM int __float2int_rn(float x) {
  return static_cast<int>(nearbyintf(x));
}
ALAB_SHIM int __float2int_rz(float x) {
  return static_cast<int>(x);
}
ALAB_SHIM int __float2int_ru(float x) {
  return static_cast<int>(ceilf(x));
}
ALAB_SHIM int __float2int_rd(float x) {
  return static_cast<int>(floorf(x));
}
ALAB_SHIM unsigned __float2uint_rn(float x) {
  return static_cast<unsigned>(nearbyintf(x));
}
ALAB_SHIM unsigned __float2uint_rz(float x) {
  return static_cast<unsigned>(x);
}
ALAB_SHIM float __int2float_rn(int x) {
  return static_cast<float>(x);
}
ALAB_SHIM float __uint2float_rn(unsigned x) {
  return static_cast<float>(x);
}
ALAB_SHIM float __double2float_rn(double x) {
  return static_cast<float>(x);
}

// Loads and stores with a cache hint: the hint has no meaning here.
#define ALAB_HINTED_LOAD(name)         \
  template <class T>                   \
  ALAB_SHIM T name(const T* address) { \
    return *address;                   \
  }
#define ALAB_HINTED_STORE(name)              \
  template <class T>                         \
  ALAB_SHIM void name(T* address, T value) { \
    *address = value;                        \
  }
ALAB_HINTED_LOAD(__ldg)
ALAB_HINTED_LOAD(__ldca)
ALAB_HINTED_LOAD(__ldcg)
ALAB_HINTED_LOAD(__ldcs)
ALAB_HINTED_LOAD(__ldlu)
ALAB_HINTED_LOAD(__ldcv)
ALAB_HINTED_STORE(__stwb)
ALAB_HINTED_STORE(__stcg)
ALAB_HINTED_STORE(__stcs)
ALAB_HINTED_STORE(__stwt)
#undef ALAB_HINTED_LOAD
#undef ALAB_HINTED_STORE
