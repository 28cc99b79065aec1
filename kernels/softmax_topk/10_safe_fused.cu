// From 00_separate: the selection joins the pass that sums, on the scores themselves; no probability is
// written.
// Teaches: fusion. The order of probabilities is the order of scores, so k exponentials suffice at the
// end.
// Limit: memory bandwidth at 2 accesses per element: the maximum still has a pass of its own.
// Source: Milakov, Gimelshein 2018, arXiv:1805.02867, section 4 (safe softmax fused with top-k).
// SPDX-License-Identifier: MIT
#include "kernels/cuda/top_list.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / 32;

// Maximum or sum over the block, known to every thread afterwards.
template <class Combine>
__device__ float reduce(float x, Combine combine) {
  __shared__ float per_warp[kWarps];
#pragma unroll
  for (int bit = 16; bit > 0; bit /= 2) {
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, bit));
  }
  if (threadIdx.x % 32 == 0) {
    per_warp[threadIdx.x / 32] = x;
  }
  __syncthreads();  // all warps have written
  x = per_warp[0];
#pragma unroll
  for (int w = 1; w < kWarps; ++w) {
    x = combine(x, per_warp[w]);
  }
  return x;
}

// values, indices [rows, k]; blockIdx.x is the row.
template <int slots>
__global__ void softmax_top_k(const float* x, float* values, int* indices, int cols, int k) {
  const float* x_row = x + static_cast<size_t>(blockIdx.x) * cols;
  const size_t first = static_cast<size_t>(blockIdx.x) * k;
  float m = -INFINITY;
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    m = fmaxf(m, x_row[j]);
  }
  m = reduce(m, [](float a, float b) { return fmaxf(a, b); });
  const float shift = m == -INFINITY ? 0.0f : m;  // a row of -inf: no NaN of (-inf) - (-inf)
  float d = 0;
  TopList<slots> list;
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    const float value = x_row[j];
    d += expf(value - shift);
    list.offer(value, j);
  }
  d = reduce(d, [](float a, float b) { return a + b; });
  select_top<kWarps>(list, k, [&](int slot, float value, int index) {
    values[first + slot] = value == -INFINITY ? 0.0f : expf(value - shift) / d;
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
  return 2.0 * static_cast<double>(p.rows * p.cols);  // the 2 k results of a row are not counted
}

const Rung kRung{
    .op = "softmax_topk",
    .id = "10_safe_fused",
    .title = "Safe softmax with top-k",
    .teaches = "Selecting on scores during the sum writes k results instead of a row of probabilities.",
    .limit = "Memory bandwidth: 2 accesses per element, one of them for the maximum alone.",
    .source = "Milakov, Gimelshein 2018, arXiv:1805.02867, section 4",
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
