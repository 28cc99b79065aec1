// Integer intrinsics, and min and max over all arithmetic types.
// SPDX-License-Identifier: MIT
#pragma once

#include <bit>

#include "kernels/executor/shim/qualifiers.hpp"

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
