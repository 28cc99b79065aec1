// One block per query, one thread per value column; every thread sums up the denominator for itself.
// Teaches: eps belongs to the sum, not to its terms; neighbouring threads read neighbouring columns of S.
// Limit: loads: each query reads all of S, and the denominator is computed dv times.
// Source: Katharopoulos et al. 2020, arXiv:2006.16236, equation 6.
// SPDX-License-Identifier: MIT
#include "kernels/feature_problem.hpp"
#include "kernels/launch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 64;

__global__ void apply_state(const float* phi_q, const float* s, const float* z, float* o, int n, int m,
                            int dv, float eps) {
  const size_t head = blockIdx.y;
  const size_t token = head * n + blockIdx.x;
  for (int c = threadIdx.x; c < dv; c += kThreads) {
    float numerator = 0;
    float denominator = 0;
    for (int f = 0; f < m; ++f) {
      const float weight = phi_q[token * m + f];
      numerator += weight * s[(head * m + f) * dv + c];
      denominator += weight * z[head * m + f];
    }
    o[token * dv + c] = numerator / (denominator + eps);
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  launch(stream, apply_state, dim3(static_cast<unsigned>(p.seq_len), static_cast<unsigned>(p.heads)),
         dim3(kThreads), 0, buffers.f32("phi_q"), buffers.f32("s"), buffers.f32("z"), buffers.f32("o"),
         static_cast<int>(p.seq_len), static_cast<int>(p.head_dim), static_cast<int>(p.head_dim_v),
         static_cast<float>(problem.real(params::eps)));
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const FeatureProblem p = feature_problem(problem);
  return static_cast<double>(p.rows() * p.head_dim_v) * static_cast<double>(3 * p.head_dim + 1);
}

const Rung kRung{.op = "apply_state",
                 .id = "00_naive",
                 .title = "One column per thread",
                 .teaches = "eps belongs to the sum; neighbours read neighbouring columns of S.",
                 .limit = "Loads: each query reads all of S; the denominator is computed dv times.",
                 .source = "Katharopoulos et al. 2020, arXiv:2006.16236, equation 6",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
