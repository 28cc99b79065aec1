// One thread per element: load, decide, store.
// Teaches: the simplest kernel there is, and that e^x of a negative x is elu + 1 itself (expm1 would be elu).
// Limit: memory instructions; each moves 4 bytes and the arithmetic is almost nothing.
// Source: Katharopoulos et al. 2020, arXiv:2006.16236, equation 7.
// SPDX-License-Identifier: MIT
#include "kernels/feature_problem.hpp"
#include "kernels/launch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;

__global__ void elu1_rows(const float* x, float* y, int n) {
  const int i = blockIdx.x * kThreads + threadIdx.x;
  if (i < n) {
    y[i] = x[i] > 0 ? x[i] + 1 : expf(x[i]);
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  const int n = static_cast<int>(p.rows() * p.head_dim);
  launch(stream, elu1_rows, dim3((n + kThreads - 1) / kThreads), dim3(kThreads), 0, buffers.f32("x"),
         buffers.f32("y"), n);
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const FeatureProblem p = feature_problem(problem);
  return 2.0 * static_cast<double>(p.rows() * p.head_dim);
}

const Rung kRung{.op = "feature_elu1",
                 .id = "00_naive",
                 .title = "One element per thread",
                 .teaches = "Load, decide, store; e^x below 0 is elu + 1 itself.",
                 .limit = "Memory instructions: 4 bytes each.",
                 .source = "Katharopoulos et al. 2020, arXiv:2006.16236, equation 7",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
