// From 10_safe_fused: maximum and sum come from one pass (online softmax): each score is read exactly
// once.
// Teaches: maximum, sum and the k best are all running states of one pass.
// Limit: for long rows memory bandwidth at 1 access per element, the least possible; for k near 16 the
// insertions.
// Source: Milakov, Gimelshein 2018, arXiv:1805.02867, algorithm 4.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/top_list.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 128;
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

// values, indices [rows, k]; blockIdx.x is the row.
template <int slots>
__global__ void softmax_top_k(const float* x, float* values, int* indices, int cols, int k) {
  const float* x_row = x + static_cast<size_t>(blockIdx.x) * cols;
  const size_t first = static_cast<size_t>(blockIdx.x) * k;
  Part part{-INFINITY, 0};
  TopList<slots> list;
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    const float value = x_row[j];
    part = merge(part, {value, 1});
    list.offer(value, j);
  }
  part = reduce(part);
  select_top<kWarps>(list, k, [&](int slot, float value, int index) {
    values[first + slot] = value == -INFINITY ? 0.0f : expf(value - part.m) / part.d;
    indices[first + slot] = index;
  });
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const SoftmaxProblem p = softmax_problem(problem);
  const int k = problem.integer32(params::top_k);
  with_slots(k, [&](auto slots) {
    launch(stream, softmax_top_k<slots()>, dim3(static_cast<unsigned>(p.rows)), dim3(kThreads), 0,
           buffers.f32("x"), buffers.f32("values"), buffers.i32("indices"), static_cast<int>(p.cols), k);
  });
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const SoftmaxProblem p = softmax_problem(problem);
  return 1.0 * static_cast<double>(p.rows * p.cols);  // the 2 k results of a row are not counted
}

const Rung kRung{.op = "softmax_topk",
                 .id = "20_online_fused",
                 .title = "Online softmax with top-k",
                 .teaches = "Maximum, sum and the k best in a single pass: one access per element.",
                 .limit = "Memory bandwidth at the least possible traffic; insertion work when k is large.",
                 .source = "Milakov, Gimelshein 2018, arXiv:1805.02867, algorithm 4",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
