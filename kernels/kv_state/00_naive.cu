// One block per head; its threads stride over the m dv entries of S, each with a sum over all tokens of its
// own. Teaches: every entry is one thread's, so that nothing is added twice and no atomics are needed; z is
// summed by m threads only. Limit: loads: 2 per multiply-add, and one block per head leaves most of a GPU
// idle. Source: Katharopoulos et al. 2020, arXiv:2006.16236, equation 6. SPDX-License-Identifier: MIT
#include "kernels/feature_problem.hpp"
#include "kernels/launch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;

__global__ void kv_state(const float* phi_k, const float* v, float* s, float* z, int n, int m, int dv) {
  const size_t head = blockIdx.x;
  phi_k += head * n * m;
  v += head * n * dv;
  for (int e = threadIdx.x; e < m * dv; e += kThreads) {
    float sum = 0;
    for (int t = 0; t < n; ++t) {
      sum += phi_k[t * m + e / dv] * v[t * dv + e % dv];
    }
    s[head * m * dv + e] = sum;
  }
  for (int f = threadIdx.x; f < m; f += kThreads) {
    float sum = 0;
    for (int t = 0; t < n; ++t) {
      sum += phi_k[t * m + f];
    }
    z[head * m + f] = sum;
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  launch(stream, kv_state, dim3(static_cast<unsigned>(p.heads)), dim3(kThreads), 0, buffers.f32("phi_k"),
         buffers.f32("v"), buffers.f32("s"), buffers.f32("z"), static_cast<int>(p.seq_len),
         static_cast<int>(p.head_dim), static_cast<int>(p.head_dim_v));
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const FeatureProblem p = feature_problem(problem);
  const auto n = static_cast<double>(p.seq_len), m = static_cast<double>(p.head_dim),
             dv = static_cast<double>(p.head_dim_v);
  return static_cast<double>(p.heads) * (m * dv * (2 * n + 1) + m * (n + 1));
}

const Rung kRung{.op = "kv_state",
                 .id = "00_naive",
                 .title = "One entry per thread",
                 .teaches = "Every entry belongs to one thread: no atomics, nothing added twice.",
                 .limit = "Loads: 2 per multiply-add; one block per head.",
                 .source = "Katharopoulos et al. 2020, arXiv:2006.16236, equation 6",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
