// From 30_online_shuffle: four elements per load and store, and one rescaling per four elements.
// Teaches: 16-byte accesses need a quarter of the instructions; rows that do not start on 16 bytes (cols %
// 4 != 0) take the scalar path, with the same arithmetic.
// Limit: memory bandwidth at 3 accesses per element, of which the second read usually comes from L2.
// Source: Milakov, Gimelshein 2018, arXiv:1805.02867, section 3.1; CUDA C++ Programming Guide, "Device
// Memory Accesses".
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

// The four elements from j on, -inf beyond the row. vector: rows start on 16 bytes.
template <bool vector>
__device__ float4 load_four(const float* row, int j, int cols) {
  if constexpr (vector) {
    return *reinterpret_cast<const float4*>(row + j);
  } else {
    return make_float4(row[j], j + 1 < cols ? row[j + 1] : -INFINITY, j + 2 < cols ? row[j + 2] : -INFINITY,
                       j + 3 < cols ? row[j + 3] : -INFINITY);
  }
}

template <bool vector>
__device__ void store_four(float* row, int j, int cols, float4 y) {
  if constexpr (vector) {
    *reinterpret_cast<float4*>(row + j) = y;
  } else {
    const float values[4] = {y.x, y.y, y.z, y.w};
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      if (j + i < cols) {
        row[j + i] = values[i];
      }
    }
  }
}

// y [rows, cols], logsumexp [rows]; blockIdx.x is the row.
template <bool vector>
__global__ void softmax(const float* __restrict__ x, float* __restrict__ y, float* __restrict__ logsumexp,
                        int cols) {
  const float* x_row = x + static_cast<size_t>(blockIdx.x) * cols;
  float* y_row = y + static_cast<size_t>(blockIdx.x) * cols;
  Part part{-INFINITY, 0};
  for (int j = threadIdx.x * 4; j < cols; j += kThreads * 4) {
    const float4 a = load_four<vector>(x_row, j, cols);
    const float m = fmaxf(part.m, fmaxf(fmaxf(a.x, a.y), fmaxf(a.z, a.w)));
    const float shift = m == -INFINITY ? 0.0f : m;
    const float sum = expf(a.x - shift) + expf(a.y - shift) + (expf(a.z - shift) + expf(a.w - shift));
    part = {m, part.d * expf(part.m - shift) + sum};
  }
  part = reduce(part);
  const float shift = part.m == -INFINITY ? 0.0f : part.m;
  const float inverse = part.d > 0 ? 1.0f / part.d : 0.0f;
  for (int j = threadIdx.x * 4; j < cols; j += kThreads * 4) {
    const float4 a = load_four<vector>(x_row, j, cols);
    store_four<vector>(y_row, j, cols,
                       make_float4(expf(a.x - shift) * inverse, expf(a.y - shift) * inverse,
                                   expf(a.z - shift) * inverse, expf(a.w - shift) * inverse));
  }
  if (threadIdx.x == 0) {
    logsumexp[blockIdx.x] = shift + logf(part.d);
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const SoftmaxProblem p = softmax_problem(problem);
  launch(stream, p.cols % 4 == 0 ? softmax<true> : softmax<false>, dim3(static_cast<unsigned>(p.rows)),
         dim3(kThreads), 0, buffers.f32("x"), buffers.f32("y"), buffers.f32("logsumexp"),
         static_cast<int>(p.cols));
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const SoftmaxProblem p = softmax_problem(problem);
  return 3.0 * static_cast<double>(p.rows * p.cols);
}

const Rung kRung{.op = "softmax_rows",
                 .id = "40_vectorised",
                 .title = "Online, float4",
                 .teaches = "16 bytes per load and store, one rescaling per four elements.",
                 .limit = "Memory bandwidth at 3 accesses per element.",
                 .source = "Milakov, Gimelshein 2018, arXiv:1805.02867, section 3.1",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
