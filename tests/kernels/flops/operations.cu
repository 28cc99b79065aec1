// One thread's operations, expression by expression, and the corners of the language that a counting float
// has to get through. in holds 4, 2, 8, 3, 1.5 ... for every thread alike. SPDX-License-Identifier: MIT
#include <cuda_bf16.h>
#include <cuda_fp16.h>

#include <limits>

#include "kernels/launch.cuh"
#include "tests/kernels/flops_samples.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

using counted::FlopKind;
using samples::Operations;

constexpr int kBlocks = 2;
constexpr int kThreads = samples::kOperationThreads / kBlocks;
constexpr float kInputs[] = {4, 2, 8, 3, 1.5f, -2, 0.25f, 16};

/// Expression of (a, b, c, d) = (4, 2, 8, 3) as a kernel.
#define EXPRESSION(name, ...)                                 \
  __global__ void name(const float* in, float* out) {         \
    const float a = in[0], b = in[1], c = in[2], d = in[3];   \
    (void)a, (void)b, (void)c, (void)d;                       \
    out[blockIdx.x * blockDim.x + threadIdx.x] = __VA_ARGS__; \
  }
EXPRESSION(sum, a + b)
EXPRESSION(difference_with_int, a - 1)
EXPRESSION(product, a* b)
EXPRESSION(multiply_add, a* b + c)
EXPRESSION(add_multiply, c + a * b)
EXPRESSION(multiply_subtract, a* b - c)
EXPRESSION(subtract_multiply, c - a * b)
EXPRESSION(negated_product, c + -(a * b))
EXPRESSION(two_products, a* b + c * d)
EXPRESSION(three_factors, a* b* c)
EXPRESSION(sum_times, (a + b) * c)
EXPRESSION(explicit_fma, fmaf(a, b, c))
EXPRESSION(rounded_product, __fmul_rn(a, b) + c)
EXPRESSION(chain, a* b + c * d + a * c + d)
EXPRESSION(quotient, a / b)
EXPRESSION(product_quotient, a* b / c)
EXPRESSION(by_a_power_of_two, a / 8.0f)
EXPRESSION(reciprocal, 1.0f / a)
EXPRESSION(exponential, expf(a - c))
EXPRESSION(fast_functions, __expf(a) + __logf(b))
EXPRESSION(roots, sqrtf(a) + rsqrtf(a))
EXPRESSION(circle, sinf(a) + cosf(b))
EXPRESSION(power, powf(a, b))
EXPRESSION(clamp, fminf(fmaxf(a, b), c))
EXPRESSION(choose, a < b ? a * b : 0.0f)
EXPRESSION(choose_infinity, a > b ? -INFINITY : a * b)
EXPRESSION(signs_and_rounding, fabsf(-a) > floorf(b) ? ceilf(c) : -d)
EXPRESSION(constants, a*(2.0f * 3.0f + 1.0f))
EXPRESSION(times_one, a * 1.0f + b * -1.0f)
EXPRESSION(whole_number, static_cast<float>(static_cast<int>(a* b)))
EXPRESSION(double_precision, static_cast<float>(1.0 / static_cast<double>(a) + a * 2.0))
EXPRESSION(bits, __int_as_float(__float_as_int(a) & 0x7FFFFFFF))
EXPRESSION(limits, fminf(a, std::numeric_limits<float>::infinity()))
EXPRESSION(halves, static_cast<float>(__float2half(a) * __float2half(b) + __float2half(c)))
EXPRESSION(bfloat_fma,
           __bfloat162float(__hfma(__float2bfloat16(a), __float2bfloat16(b), __float2bfloat16(c))))
EXPRESSION(shuffled_product, __shfl_xor_sync(0xffffffffu, a* b, 1) + c)

__global__ void dot(const float* in, float* out) {
  float total = 0;
#pragma unroll
  for (int i = 0; i < 8; ++i) {
    total += in[i] * in[7 - i];
  }
  out[blockIdx.x * blockDim.x + threadIdx.x] = total;
}
__global__ void compound(const float* in, float* out) {
  float x = in[0];
  x += in[1];
  x -= in[2] * in[3];
  x *= in[1];
  x /= in[3];
  out[blockIdx.x * blockDim.x + threadIdx.x] = x;
}
__global__ void vectors(const float* in, float* out) {
  const float4 x = *reinterpret_cast<const float4*>(in);
  const float4 y = reinterpret_cast<const float4*>(in)[1];
  float4 z{};
  z.x += x.x * y.x;
  const float values[4] = {z.x, x.y, x.z, x.w};
  out[blockIdx.x * blockDim.x + threadIdx.x] = values[0] + values[3];
}
__global__ void through_volatile(const float* in, float* out) {
  __shared__ float shared[kThreads];
  volatile float* cell = shared + threadIdx.x;
  *cell = in[0];
  *cell += in[1] * in[2];
  *cell = *cell * in[3];
  out[blockIdx.x * blockDim.x + threadIdx.x] = *cell;
}
union Word {
  float f;
  unsigned u;
};
__global__ void through_union(const float* in, float* out) {
  Word w;
  w.f = in[0] + in[1];
  w.u ^= 0x80000000u;
  out[blockIdx.x * blockDim.x + threadIdx.x] = w.f;
}
__global__ void atomics(const float* in, float* out) {
  __shared__ float total;
  if (threadIdx.x == 0) {
    total = 0;
  }
  __syncthreads();
  atomicAdd(&total, in[0]);
  __syncthreads();
  out[blockIdx.x * blockDim.x + threadIdx.x] = total;
}
template <class F>
__device__ float applied(F f, const float* in) {
  return f(in[0], in[1]) + in[2];
}
__global__ void through_lambda(const float* in, float* out) {
  out[blockIdx.x * blockDim.x + threadIdx.x] = applied([](float x, float y) { return x * y; }, in);
}
__global__ void some_lanes(const float* in, float* out, int lanes) {
  const int lane = static_cast<int>(threadIdx.x);
  if (lane < lanes) {
    out[lane] = in[lane % 8] * in[0];
  }
}

constexpr int kLine = __LINE__;
__device__ float scaled(float x) {
  return x * 1.5f;
}
__global__ void on_lines(const float* in, float* out) {
  float total = 0;
#pragma GCC unroll 4
  for (int i = 0; i < 4; ++i) {
    total += scaled(in[i]);
  }
  total = expf(total) / in[0];
  float rest = in[1];
  for (int i = 0; i < static_cast<int>(in[2]); ++i) {
    rest = rest * in[3] + scaled(rest);
  }
  out[blockIdx.x * blockDim.x + threadIdx.x] = total < rest ? total : rest;
}

template <auto kernel>
void run_one(Stream& stream) {
  auto* in = static_cast<float*>(stream.array("in", sizeof kInputs));
  auto* out = static_cast<float*>(stream.array("out", samples::kOperationThreads * sizeof(float)));
  stream.upload(in, kInputs, sizeof kInputs);
  launch(stream, kernel, dim3(kBlocks), dim3(kThreads), 0, in, out);
}

}  // namespace

void run_some_lanes(Stream& stream, int lanes) {
  auto* in = static_cast<float*>(stream.array("in", sizeof kInputs));
  auto* out = static_cast<float*>(stream.array("out", 32 * sizeof(float)));
  stream.upload(in, kInputs, sizeof kInputs);
  launch(stream, some_lanes, dim3(1), dim3(32), 0, in, out, lanes);
}

std::vector<samples::LineOperations> run_on_lines(Stream& stream) {
  run_one<on_lines>(stream);
  using K = FlopKind;
  return {{kLine + 2, {{K::fmul, 4 + 8}}},
          {kLine + 8, {{K::fadd, 4}}},
          {kLine + 10, {{K::exponential, 1}, {K::division, 1}}},
          {kLine + 13, {{K::ffma, 8}}},
          {kLine + 15, {{K::compare, 1}}}};
}

std::span<const Operations> operation_samples() {
  using K = FlopKind;
#define SAMPLE(name) #name, run_one < name>
  static const Operations all[] = {
      {SAMPLE(sum), {{K::fadd, 1}}, 6},
      {SAMPLE(difference_with_int), {{K::fadd, 1}}, 3},
      {SAMPLE(product), {{K::fmul, 1}}, 8},
      {SAMPLE(multiply_add), {{K::ffma, 1}}, 16},
      {SAMPLE(add_multiply), {{K::ffma, 1}}, 16},
      {SAMPLE(multiply_subtract), {{K::ffma, 1}}, 0},
      {SAMPLE(subtract_multiply), {{K::ffma, 1}}, 0},
      {SAMPLE(negated_product), {{K::ffma, 1}}, 0},
      {SAMPLE(two_products), {{K::fmul, 1}, {K::ffma, 1}}, 32},
      {SAMPLE(three_factors), {{K::fmul, 2}}, 64},
      {SAMPLE(sum_times), {{K::fadd, 1}, {K::fmul, 1}}, 48},
      {SAMPLE(explicit_fma), {{K::ffma, 1}}, 16},
      {SAMPLE(rounded_product), {{K::fmul, 1}, {K::fadd, 1}}, 16},
      {SAMPLE(chain), {{K::fmul, 1}, {K::ffma, 2}, {K::fadd, 1}}, 67},
      {SAMPLE(quotient), {{K::division, 1}}, 2},
      {SAMPLE(product_quotient), {{K::fmul, 1}, {K::division, 1}}, 1},
      {SAMPLE(by_a_power_of_two), {{K::fmul, 1}}, 0.5},
      {SAMPLE(reciprocal), {{K::division, 1}}, 0.25},
      {SAMPLE(exponential), {{K::fadd, 1}, {K::exponential, 1}}, 0.0183156389},
      {SAMPLE(fast_functions), {{K::exponential, 1}, {K::logarithm, 1}, {K::fadd, 1}}, 55.2912972},
      {SAMPLE(roots), {{K::square_root, 1}, {K::reciprocal_root, 1}, {K::fadd, 1}}, 2.5},
      {SAMPLE(circle), {{K::sine_cosine, 2}, {K::fadd, 1}}, -1.17294933},
      {SAMPLE(power), {{K::other_function, 1}}, 16},
      {SAMPLE(clamp), {{K::min_max, 2}}, 4},
      {SAMPLE(choose), {{K::compare, 1}}, 0},
      {SAMPLE(choose_infinity), {{K::compare, 1}}, -HUGE_VAL},
      {SAMPLE(signs_and_rounding), {{K::compare, 1}}, 8},
      {SAMPLE(constants), {{K::fmul, 1}}, 28},
      {SAMPLE(times_one), {{K::fadd, 1}}, 2},
      {SAMPLE(whole_number), {{K::fmul, 1}}, 8},
      {SAMPLE(double_precision), {}, 8.25},
      {SAMPLE(bits), {}, 4},
      {SAMPLE(limits), {{K::min_max, 1}}, 4},
      {SAMPLE(halves), {{K::half_mul, 1}, {K::half_add, 1}}, 16},
      {SAMPLE(bfloat_fma), {{K::half_fma, 1}}, 16},
      {SAMPLE(shuffled_product), {{K::fmul, 1}, {K::fadd, 1}}, 16},
      {SAMPLE(dot), {{K::ffma, 8}}, 106},
      {SAMPLE(compound), {{K::fadd, 1}, {K::ffma, 1}, {K::fmul, 1}, {K::division, 1}}, -12},
      {SAMPLE(vectors), {{K::ffma, 1}, {K::fadd, 1}}, 9},
      {SAMPLE(through_volatile), {{K::ffma, 1}, {K::fmul, 1}}, 60},
      {SAMPLE(through_union), {{K::fadd, 1}}, -6},
      {SAMPLE(atomics), {{K::atomic_add, 1}}, 256},
      {SAMPLE(through_lambda), {{K::ffma, 1}}, 16},
  };
#undef SAMPLE
  return all;
}

}  // namespace alab::ALAB_BUILD_NAMESPACE
