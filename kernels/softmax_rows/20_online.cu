// From 10_safe: maximum and sum in one pass. When the maximum rises, the sum so far is multiplied by
// e^{m_old - m_new}; parts of a row merge by the same rule, so threads may work on any share of it.
// Teaches: the (m, d) monoid, with (-inf, 0) as its neutral element.
// Limit: memory bandwidth at 3 accesses per element; the reduction still costs 9 barriers.
// Source: Milakov, Gimelshein 2018, arXiv:1805.02867, algorithm 3 and equation 4.
// SPDX-License-Identifier: MIT
#include "kernels/launch.cuh"
#include "kernels/softmax_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;

// Maximum m of some elements and d = sum of e^{x - m} over them.
struct Part {
  float m, d;
};

// [snippet merge]
__device__ Part merge(Part a, Part b) {
  const float m = fmaxf(a.m, b.m);
  const float shift = m == -INFINITY ? 0.0f : m;  // both empty: no NaN of (-inf) - (-inf)
  return {m, a.d * expf(a.m - shift) + b.d * expf(b.m - shift)};
}
// [/snippet]

// Merges the block's parts by halving; the result is known to every thread afterwards.
__device__ Part reduce(Part x) {
  __shared__ Part shared[kThreads];
  const int tid = threadIdx.x;
  shared[tid] = x;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();  // both operands are written
    if (tid < half) {
      shared[tid] = merge(shared[tid], shared[tid + half]);
    }
  }
  __syncthreads();  // the result is written
  return shared[0];
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

const Rung kRung{.op = "softmax_rows",
                 .id = "20_online",
                 .title = "Online, 3 accesses",
                 .teaches = "Maximum and sum in one pass: a rising maximum rescales the sum.",
                 .limit = "Memory bandwidth at 3 accesses per element; 9 barriers per row in the reduction.",
                 .source = "Milakov, Gimelshein 2018, arXiv:1805.02867, algorithm 3 and equation 4",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
