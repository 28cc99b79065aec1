// __nv_bfloat16 and __nv_bfloat162 for the host compiler.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/executor/shim/half_types.hpp"

using __nv_bfloat16 = alab::executor::Narrow<alab::executor::BfloatFormat>;
using __nv_bfloat162 = alab::executor::NarrowPair<alab::executor::BfloatFormat>;
using nv_bfloat16 = __nv_bfloat16;
using nv_bfloat162 = __nv_bfloat162;

ALAB_SHIM __nv_bfloat16 __float2bfloat16(alab_float x) {
  return {x};
}
ALAB_SHIM __nv_bfloat16 __float2bfloat16_rn(alab_float x) {
  return {x};
}
ALAB_SHIM __nv_bfloat16 __double2bfloat16(double x) {
  return {x};
}
ALAB_SHIM __nv_bfloat16 __int2bfloat16_rn(int x) {
  return {x};
}
ALAB_SHIM alab_float __bfloat162float(__nv_bfloat16 x) {
  return x;
}
ALAB_SHIM unsigned short __bfloat16_as_ushort(__nv_bfloat16 x) {
  return x.bits;
}
ALAB_SHIM short __bfloat16_as_short(__nv_bfloat16 x) {
  return static_cast<short>(x.bits);
}
ALAB_SHIM __nv_bfloat16 __ushort_as_bfloat16(unsigned short bits) {
  return __nv_bfloat16::of_bits(bits);
}
ALAB_SHIM __nv_bfloat16 __short_as_bfloat16(short bits) {
  return __nv_bfloat16::of_bits(static_cast<unsigned short>(bits));
}

ALAB_SHIM __nv_bfloat162 make_bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) {
  return {x, y};
}
ALAB_SHIM __nv_bfloat162 __halves2bfloat162(__nv_bfloat16 x, __nv_bfloat16 y) {
  return {x, y};
}
ALAB_SHIM __nv_bfloat162 __bfloat162bfloat162(__nv_bfloat16 x) {
  return {x, x};
}
ALAB_SHIM __nv_bfloat162 __float2bfloat162_rn(alab_float x) {
  return {x, x};
}
ALAB_SHIM __nv_bfloat162 __floats2bfloat162_rn(alab_float x, alab_float y) {
  return {x, y};
}
ALAB_SHIM __nv_bfloat162 __float22bfloat162_rn(float2 v) {
  return {v.x, v.y};
}
ALAB_SHIM float2 __bfloat1622float2(__nv_bfloat162 v) {
  return {alab_float(v.x), alab_float(v.y)};
}
ALAB_SHIM __nv_bfloat16 __low2bfloat16(__nv_bfloat162 v) {
  return v.x;
}
ALAB_SHIM __nv_bfloat16 __high2bfloat16(__nv_bfloat162 v) {
  return v.y;
}
ALAB_SHIM __nv_bfloat162 __low2bfloat162(__nv_bfloat162 v) {
  return {v.x, v.x};
}
ALAB_SHIM __nv_bfloat162 __high2bfloat162(__nv_bfloat162 v) {
  return {v.y, v.y};
}
