// __half and __half2 for the host compiler.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/executor/shim/half_types.hpp"

using __half = alab::executor::Narrow<alab::executor::HalfFormat>;
using __half2 = alab::executor::NarrowPair<alab::executor::HalfFormat>;
using half = __half;
using half2 = __half2;

ALAB_SHIM __half __float2half(alab_float x) {
  return {x};
}
ALAB_SHIM __half __float2half_rn(alab_float x) {
  return {x};
}
ALAB_SHIM __half __double2half(double x) {
  return {x};
}
ALAB_SHIM __half __int2half_rn(int x) {
  return {x};
}
ALAB_SHIM __half __uint2half_rn(unsigned x) {
  return {x};
}
ALAB_SHIM alab_float __half2float(__half x) {
  return x;
}
ALAB_SHIM int __half2int_rn(__half x) {
  return static_cast<int>(nearbyintf(x));
}
ALAB_SHIM int __half2int_rz(__half x) {
  return static_cast<int>(x.wide());
}
ALAB_SHIM unsigned short __half_as_ushort(__half x) {
  return x.bits;
}
ALAB_SHIM short __half_as_short(__half x) {
  return static_cast<short>(x.bits);
}
ALAB_SHIM __half __ushort_as_half(unsigned short bits) {
  return __half::of_bits(bits);
}
ALAB_SHIM __half __short_as_half(short bits) {
  return __half::of_bits(static_cast<unsigned short>(bits));
}

ALAB_SHIM __half2 make_half2(__half x, __half y) {
  return {x, y};
}
ALAB_SHIM __half2 __halves2half2(__half x, __half y) {
  return {x, y};
}
ALAB_SHIM __half2 __half2half2(__half x) {
  return {x, x};
}
ALAB_SHIM __half2 __float2half2_rn(alab_float x) {
  return {x, x};
}
ALAB_SHIM __half2 __floats2half2_rn(alab_float x, alab_float y) {
  return {x, y};
}
ALAB_SHIM __half2 __float22half2_rn(float2 v) {
  return {v.x, v.y};
}
ALAB_SHIM float2 __half22float2(__half2 v) {
  return {alab_float(v.x), alab_float(v.y)};
}
ALAB_SHIM __half __low2half(__half2 v) {
  return v.x;
}
ALAB_SHIM __half __high2half(__half2 v) {
  return v.y;
}
ALAB_SHIM __half2 __low2half2(__half2 v) {
  return {v.x, v.x};
}
ALAB_SHIM __half2 __high2half2(__half2 v) {
  return {v.y, v.y};
}
ALAB_SHIM __half2 __lowhigh2highlow(__half2 v) {
  return {v.y, v.x};
}
