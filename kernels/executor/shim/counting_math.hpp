// Functions of the float that counts: each is one operation of its kind, whatever number of instructions the
// GPU needs for it. Rounding, signs and bit patterns are not arithmetic and count nothing.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/executor/shim/atomics.hpp"
#include "kernels/executor/shim/counting_float.hpp"
#include "kernels/executor/shim/integer.hpp"
#include "kernels/executor/shim/math.hpp"

// name as CUDA calls it, function: the one of float that it is.
#define ALAB_FUNCTION(name, function, kind)                           \
  ALAB_SHIM alab_float name(alab_float x) noexcept {                  \
    if (!alab::executor::counting::known(x)) {                        \
      alab::executor::counting::count(alab::counted::FlopKind::kind); \
    }                                                                 \
    return ::function(x.v);                                           \
  }
#define ALAB_FUNCTION_2(name, function, kind)                                          \
  ALAB_SHIM alab_float name(alab_float x, alab_float y) noexcept {                     \
    if (!(alab::executor::counting::known(x) && alab::executor::counting::known(y))) { \
      alab::executor::counting::count(alab::counted::FlopKind::kind);                  \
    }                                                                                  \
    return ::function(x.v, y.v);                                                       \
  }
#define ALAB_UNCOUNTED(Result, name, function)   \
  ALAB_SHIM Result name(alab_float x) noexcept { \
    return ::function(x.v);                      \
  }
ALAB_FUNCTION(expf, expf, exponential)
ALAB_FUNCTION(exp, expf, exponential)
ALAB_FUNCTION(exp2f, exp2f, exponential)
ALAB_FUNCTION(exp2, exp2f, exponential)
ALAB_FUNCTION(exp10f, exp10f, exponential)
ALAB_FUNCTION(exp10, exp10f, exponential)
ALAB_FUNCTION(__expf, __expf, exponential)
ALAB_FUNCTION(__exp10f, __exp10f, exponential)
ALAB_FUNCTION(logf, logf, logarithm)
ALAB_FUNCTION(log, logf, logarithm)
ALAB_FUNCTION(log2f, log2f, logarithm)
ALAB_FUNCTION(log2, log2f, logarithm)
ALAB_FUNCTION(log10f, log10f, logarithm)
ALAB_FUNCTION(log10, log10f, logarithm)
ALAB_FUNCTION(__logf, __logf, logarithm)
ALAB_FUNCTION(__log2f, __log2f, logarithm)
ALAB_FUNCTION(__log10f, __log10f, logarithm)
ALAB_FUNCTION(sqrtf, sqrtf, square_root)
ALAB_FUNCTION(sqrt, sqrtf, square_root)
ALAB_FUNCTION(__fsqrt_rn, __fsqrt_rn, square_root)
ALAB_FUNCTION(rsqrtf, rsqrtf, reciprocal_root)
ALAB_FUNCTION(rsqrt, rsqrtf, reciprocal_root)
ALAB_FUNCTION(__frsqrt_rn, __frsqrt_rn, reciprocal_root)
ALAB_FUNCTION(sinf, sinf, sine_cosine)
ALAB_FUNCTION(sin, sinf, sine_cosine)
ALAB_FUNCTION(cosf, cosf, sine_cosine)
ALAB_FUNCTION(cos, cosf, sine_cosine)
ALAB_FUNCTION(tanf, tanf, sine_cosine)
ALAB_FUNCTION(tan, tanf, sine_cosine)
ALAB_FUNCTION(__sinf, __sinf, sine_cosine)
ALAB_FUNCTION(__cosf, __cosf, sine_cosine)
ALAB_FUNCTION(__tanf, __tanf, sine_cosine)
ALAB_FUNCTION(tanhf, tanhf, other_function)
ALAB_FUNCTION(tanh, tanhf, other_function)
ALAB_FUNCTION(__tanhf, __tanhf, other_function)
ALAB_FUNCTION(sinhf, sinhf, other_function)
ALAB_FUNCTION(coshf, coshf, other_function)
ALAB_FUNCTION(asinf, asinf, other_function)
ALAB_FUNCTION(acosf, acosf, other_function)
ALAB_FUNCTION(atanf, atanf, other_function)
ALAB_FUNCTION(expm1f, expm1f, other_function)
ALAB_FUNCTION(log1pf, log1pf, other_function)
ALAB_FUNCTION(erff, erff, other_function)
ALAB_FUNCTION(erfcf, erfcf, other_function)
ALAB_FUNCTION(cbrtf, cbrtf, other_function)
ALAB_FUNCTION(__frcp_rn, __frcp_rn, division)
ALAB_FUNCTION_2(powf, powf, other_function)
ALAB_FUNCTION_2(pow, powf, other_function)
ALAB_FUNCTION_2(__powf, __powf, other_function)
ALAB_FUNCTION_2(atan2f, atan2f, other_function)
ALAB_FUNCTION_2(hypotf, hypotf, other_function)
ALAB_FUNCTION_2(fmodf, fmodf, other_function)
ALAB_FUNCTION_2(fmod, fmodf, other_function)
ALAB_FUNCTION_2(fdividef, fdividef, division)
ALAB_FUNCTION_2(__fdividef, __fdividef, division)
ALAB_FUNCTION_2(__fdiv_rn, __fdiv_rn, division)
ALAB_FUNCTION_2(fmaxf, fmaxf, min_max)
ALAB_FUNCTION_2(fmax, fmaxf, min_max)
ALAB_FUNCTION_2(max, fmaxf, min_max)
ALAB_FUNCTION_2(fminf, fminf, min_max)
ALAB_FUNCTION_2(fmin, fminf, min_max)
ALAB_FUNCTION_2(min, fminf, min_max)
ALAB_FUNCTION_2(__fadd_rn, __fadd_rn, fadd)
ALAB_FUNCTION_2(__fsub_rn, __fsub_rn, fadd)
ALAB_FUNCTION_2(__fmul_rn, __fmul_rn, fmul)
ALAB_UNCOUNTED(alab_float, fabsf, fabsf)
ALAB_UNCOUNTED(alab_float, fabs, fabsf)
ALAB_UNCOUNTED(alab_float, abs, fabsf)
ALAB_UNCOUNTED(alab_float, floorf, floorf)
ALAB_UNCOUNTED(alab_float, floor, floorf)
ALAB_UNCOUNTED(alab_float, ceilf, ceilf)
ALAB_UNCOUNTED(alab_float, ceil, ceilf)
ALAB_UNCOUNTED(alab_float, truncf, truncf)
ALAB_UNCOUNTED(alab_float, trunc, truncf)
ALAB_UNCOUNTED(alab_float, roundf, roundf)
ALAB_UNCOUNTED(alab_float, round, roundf)
ALAB_UNCOUNTED(alab_float, rintf, rintf)
ALAB_UNCOUNTED(alab_float, rint, rintf)
ALAB_UNCOUNTED(alab_float, nearbyintf, nearbyintf)
ALAB_UNCOUNTED(alab_float, __saturatef, __saturatef)
ALAB_UNCOUNTED(int, __float_as_int, __float_as_int)
ALAB_UNCOUNTED(int, __float2int_rn, __float2int_rn)
ALAB_UNCOUNTED(int, __float2int_rz, __float2int_rz)
ALAB_UNCOUNTED(int, __float2int_ru, __float2int_ru)
ALAB_UNCOUNTED(int, __float2int_rd, __float2int_rd)
ALAB_UNCOUNTED(unsigned, __float_as_uint, __float_as_uint)
ALAB_UNCOUNTED(unsigned, __float2uint_rn, __float2uint_rn)
ALAB_UNCOUNTED(unsigned, __float2uint_rz, __float2uint_rz)
ALAB_UNCOUNTED(bool, isnan, std::isnan)
ALAB_UNCOUNTED(bool, isinf, std::isinf)
ALAB_UNCOUNTED(bool, isfinite, std::isfinite)
ALAB_UNCOUNTED(bool, signbit, std::signbit)
#undef ALAB_FUNCTION
#undef ALAB_FUNCTION_2
#undef ALAB_UNCOUNTED

ALAB_SHIM alab_float copysignf(alab_float x, alab_float sign) noexcept {
  return ::copysignf(x.v, sign.v);
}
ALAB_SHIM alab_float fmaf(alab_float a, alab_float b, alab_float c) noexcept {
  return alab::executor::counting::fused(a, b, c);
}
ALAB_SHIM alab_float fma(alab_float a, alab_float b, alab_float c) noexcept {
  return alab::executor::counting::fused(a, b, c);
}
ALAB_SHIM alab_float __fmaf_rn(alab_float a, alab_float b, alab_float c) noexcept {
  return alab::executor::counting::fused(a, b, c);
}
ALAB_SHIM void sincosf(alab_float x, alab_float* sine, alab_float* cosine) noexcept {
  *sine = sinf(x);
  *cosine = cosf(x);
}
ALAB_SHIM void __sincosf(alab_float x, alab_float* sine, alab_float* cosine) noexcept {
  sincosf(x, sine, cosine);
}

ALAB_SHIM alab_float atomicAdd(alab_float* address, alab_float value) {
  alab::executor::counting::count(alab::counted::FlopKind::atomic_add);
  return atomicAdd(&address->v, value.v);
}
ALAB_SHIM alab_float atomicExch(alab_float* address, alab_float value) {
  return atomicExch(&address->v, value.v);
}
