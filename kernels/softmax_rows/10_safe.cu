// From 00_naive: the row's maximum is found first and subtracted: no exponent is above 0 and one term is
// 1.
// Teaches: the price of safety, a fourth access per element.
// Limit: memory bandwidth at 4 accesses per element; a block reduction costs 9 barriers.
// Source: Milakov, Gimelshein 2018, arXiv:1805.02867, algorithm 2.
// SPDX-License-Identifier: MIT
#include "kernels/launch.cuh"
#include "kernels/softmax_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;

// Maximum or sum over the block by halving, known to every thread afterwards.
template <class Combine>
__device__ float reduce(float x, Combine combine) {
  __shared__ float shared[kThreads];
  const int tid = threadIdx.x;
  shared[tid] = x;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();  // both operands are written
    if (tid < half) {
      shared[tid] = combine(shared[tid], shared[tid + half]);
    }
  }
  __syncthreads();  // the result is written
  return shared[0];
}

// y [rows, cols], logsumexp [rows]; blockIdx.x is the row.
__global__ void softmax(const float* x, float* y, float* logsumexp, int cols) {
  const float* x_row = x + static_cast<size_t>(blockIdx.x) * cols;
  float* y_row = y + static_cast<size_t>(blockIdx.x) * cols;
  float m = -INFINITY;
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    m = fmaxf(m, x_row[j]);
  }
  m = reduce(m, [](float a, float b) { return fmaxf(a, b); });
  const float shift = m == -INFINITY ? 0.0f : m;  // a row of -inf: no NaN of (-inf) - (-inf)
  float d = 0;
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    d += expf(x_row[j] - shift);
  }
  d = reduce(d, [](float a, float b) { return a + b; });
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    y_row[j] = d > 0 ? expf(x_row[j] - shift) / d : 0.0f;
  }
  if (threadIdx.x == 0) {
    logsumexp[blockIdx.x] = shift + logf(d);
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const SoftmaxProblem p = softmax_problem(problem);
  launch(stream, softmax, dim3(static_cast<unsigned>(p.rows)), dim3(kThreads), 0, buffers.f32("x"),
         buffers.f32("y"), buffers.f32("logsumexp"), static_cast<int>(p.cols));
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const SoftmaxProblem p = softmax_problem(problem);
  return 4.0 * static_cast<double>(p.rows * p.cols);
}

const Rung kRung{.op = "softmax_rows",
                 .id = "10_safe",
                 .title = "Safe, 4 accesses",
                 .teaches = "Subtracting the row's maximum keeps every exponent at or below 0.",
                 .limit = "Memory bandwidth: the maximum takes a pass of its own, 4 accesses per element.",
                 .source = "Milakov, Gimelshein 2018, arXiv:1805.02867, algorithm 2",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
