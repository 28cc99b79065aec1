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

ALAB_SHIM int __popc(unsigned x) {
  return std::popcount(x);
}
ALAB_SHIM int __popcll(unsigned long long x) {
  return std::popcount(x);
}
ALAB_SHIM int __clz(int x) {
  return std::countl_zero(static_cast<unsigned>(x));
}
ALAB_SHIM int __clzll(long long x) {
  return std::countl_zero(static_cast<unsigned long long>(x));
}
ALAB_SHIM int __ffs(int x) {
  return __builtin_ffs(x);
}
ALAB_SHIM int __ffsll(long long x) {
  return __builtin_ffsll(x);
}
ALAB_SHIM unsigned __brev(unsigned x) {
  x = (x >> 1 & 0x55555555u) | (x & 0x55555555u) << 1;
  x = (x >> 2 & 0x33333333u) | (x & 0x33333333u) << 2;
  x = (x >> 4 & 0x0F0F0F0Fu) | (x & 0x0F0F0F0Fu) << 4;
  return __builtin_bswap32(x);
}
ALAB_SHIM int __mul24(int a, int b) {
  return static_cast<int>(static_cast<unsigned>(a) * static_cast<unsigned>(b));
}
ALAB_SHIM int __mulhi(int a, int b) {
  return static_cast<int>((static_cast<long long>(a) * b) >> 32);
}
ALAB_SHIM unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<unsigned long long>(a) * b) >> 32);
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

// As in CUDA: min and max over the arithmetic types; of a signed and an unsigned the result is unsigned.
#define ALAB_MIN_MAX(A, B, R)                                                             \
  ALAB_SHIM constexpr R min(A a, B b) {                                                   \
    return static_cast<R>(a) < static_cast<R>(b) ? static_cast<R>(a) : static_cast<R>(b); \
  }                                                                                       \
  ALAB_SHIM constexpr R max(A a, B b) {                                                   \
    return static_cast<R>(a) > static_cast<R>(b) ? static_cast<R>(a) : static_cast<R>(b); \
  }
ALAB_MIN_MAX(int, int, int)
ALAB_MIN_MAX(unsigned, unsigned, unsigned)
ALAB_MIN_MAX(int, unsigned, unsigned)
ALAB_MIN_MAX(unsigned, int, unsigned)
ALAB_MIN_MAX(long, long, long)
ALAB_MIN_MAX(unsigned long, unsigned long, unsigned long)
ALAB_MIN_MAX(long, unsigned long, unsigned long)
ALAB_MIN_MAX(unsigned long, long, unsigned long)
ALAB_MIN_MAX(long long, long long, long long)
ALAB_MIN_MAX(unsigned long long, unsigned long long, unsigned long long)
#undef ALAB_MIN_MAX
ALAB_SHIM float min(float a, float b) {
  return fminf(a, b);
}
ALAB_SHIM float max(float a, float b) {
  return fmaxf(a, b);
}
ALAB_SHIM double min(double a, double b) {
  return fmin(a, b);
}
ALAB_SHIM double max(double a, double b) {
  return fmax(a, b);
}
ALAB_SHIM double min(float a, double b) {
  return fmin(a, b);
}
ALAB_SHIM double max(float a, double b) {
  return fmax(a, b);
}
ALAB_SHIM double min(double a, float b) {
  return fmin(a, b);
}
ALAB_SHIM double max(double a, float b) {
  return fmax(a, b);
}
