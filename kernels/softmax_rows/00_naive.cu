// Softmax as the formula reads: sum of e^x over the row, then the quotient. One block per row.
// Teaches: three passes over memory (read, read, write), and why nobody ships it: e^x is inf from x = 88.73.
// Limit: the range of fp32, then memory bandwidth at 3 accesses per element.
// Source: Milakov, Gimelshein 2018, arXiv:1805.02867, algorithm 1.
// SPDX-License-Identifier: MIT
#include "kernels/launch.cuh"
#include "kernels/softmax_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;

// Sum over the block by halving, known to every thread afterwards.
__device__ float reduce_sum(float x) {
  __shared__ float shared[kThreads];
  const int tid = threadIdx.x;
  shared[tid] = x;
  for (int half = kThreads / 2; half > 0; half /= 2) {
    __syncthreads();  // both operands are written
    if (tid < half) {
      shared[tid] += shared[tid + half];
    }
  }
  __syncthreads();  // the total is written
  return shared[0];
}

// y [rows, cols], logsumexp [rows]; blockIdx.x is the row.
__global__ void softmax(const float* x, float* y, float* logsumexp, int cols) {
  const float* x_row = x + static_cast<size_t>(blockIdx.x) * cols;
  float* y_row = y + static_cast<size_t>(blockIdx.x) * cols;
  float d = 0;
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    d += expf(x_row[j]);
  }
  d = reduce_sum(d);
  for (int j = threadIdx.x; j < cols; j += kThreads) {
    y_row[j] = d > 0 ? expf(x_row[j]) / d : 0.0f;
  }
  if (threadIdx.x == 0) {
    logsumexp[blockIdx.x] = logf(d);
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const SoftmaxProblem p = softmax_problem(problem);
  launch(stream, softmax, dim3(static_cast<unsigned>(p.rows)), dim3(kThreads), 0, buffers.f32("x"),
         buffers.f32("y"), buffers.f32("logsumexp"), static_cast<int>(p.cols));
}

std::string unsupported(const ParamSet& problem, const ParamSet&) {
  return overflow_limit(softmax_problem(problem));
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const SoftmaxProblem p = softmax_problem(problem);
  return 3.0 * static_cast<double>(p.rows * p.cols);
}

const Rung kRung{.op = "softmax_rows",
                 .id = "00_naive",
                 .title = "Naive, 3 accesses",
                 .teaches = "The formula as it reads: one pass for the sum, one for the quotient.",
                 .limit = "Range: e^x overflows fp32 from x = 88.73, the sum sooner.",
                 .source = "Milakov, Gimelshein 2018, arXiv:1805.02867, algorithm 1",
                 .unsupported = unsupported,
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
