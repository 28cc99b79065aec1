// From 20_online: parts meet in registers by warp shuffles; one part per warp crosses shared memory.
// Teaches: m and d travel together; 9 barriers become 1.
// Limit: memory instructions of 4 bytes each, and two exponentials for every element of the first pass.
// Source: Milakov, Gimelshein 2018, arXiv:1805.02867, section 3.1; CUDA C++ Programming Guide, "Warp
// Shuffle Functions".
// SPDX-License-Identifier: MIT
#include "kernels/launch.cuh"
#include "kernels/softmax_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;

// Maximum m of some elements and d = sum of e^{x - m} over them.
struct Part {
  float m, d;
};

__device__ Part merge(Part a, Part b) {
  const float m = fmaxf(a.m, b.m);
  const float shift = m == -INFINITY ? 0.0f : m;  // both empty: no NaN of (-inf) - (-inf)
  return {m, a.d * expf(a.m - shift) + b.d * expf(b.m - shift)};
}

// Merges the block's parts; the result is known to every thread afterwards. Called once per kernel.
__device__ Part reduce(Part x) {
  __shared__ Part per_warp[kWarps];
#pragma unroll
  for (int bit = 16; bit > 0; bit /= 2) {
    x = merge(x, {__shfl_xor_sync(0xffffffffu, x.m, bit), __shfl_xor_sync(0xffffffffu, x.d, bit)});
  }
  if (threadIdx.x % 32 == 0) {
    per_warp[threadIdx.x / 32] = x;
  }
  __syncthreads();  // all warps have written
  x = per_warp[0];
#pragma unroll
  for (int w = 1; w < kWarps; ++w) {
    x = merge(x, per_warp[w]);
  }
  return x;
}

// y [rows, cols], logsumexp [rows]; blockIdx.x is the row.
__global__ void softmax(const float* x, float* y, float* logsumexp, int cols) {
  const float* x_row = x + static_cast<size_t>(blockIdx.x) * cols;
  float* y_row = y + static_cast<size_t>(blockIdx.x) * cols;
  Part part{-INFINITY, 0};
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    part = merge(part, {x_row[j], 1});
  }
  part = reduce(part);
  const float shift = part.m == -INFINITY ? 0.0f : part.m;
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    y_row[j] = part.d > 0 ? expf(x_row[j] - shift) / part.d : 0.0f;
  }
  if (threadIdx.x == 0) {
    logsumexp[blockIdx.x] = shift + logf(part.d);
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const SoftmaxProblem p = softmax_problem(problem);
  launch(stream, softmax, dim3(static_cast<unsigned>(p.rows)), dim3(kThreads), 0, buffers.f32("x"),
         buffers.f32("y"), buffers.f32("logsumexp"), static_cast<int>(p.cols));
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const SoftmaxProblem p = softmax_problem(problem);
  return 3.0 * static_cast<double>(p.rows * p.cols);
}

const Rung kRung{
    .op = "softmax_rows",
    .id = "30_online_shuffle",
    .title = "Online with warp shuffles",
    .teaches = "Parts merge in registers across the warp; one barrier instead of nine.",
    .limit = "Memory instructions: 4 bytes each, and two exponentials for every element of the first pass.",
    .source = "Milakov, Gimelshein 2018, arXiv:1805.02867, section 3.1",
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
