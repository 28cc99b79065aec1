// One block per row of x, one thread per feature: the dot product straight from global memory.
// Teaches: where the traffic is. Every block reads all of W, and neighbouring threads read d elements apart.
// Limit: loads of W: d D per row, each warp's load touching 32 sectors.
// Source: Rahimi, Recht 2007, Random Features for Large-Scale Kernel Machines, section 3.
// SPDX-License-Identifier: MIT
#include "kernels/feature_problem.hpp"
#include "kernels/launch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 128;

__global__ void rff_features(const float* x, const float* w, const float* b, float* z, int d, int features) {
  const float* row = x + static_cast<size_t>(blockIdx.x) * d;
  const float factor = sqrtf(2.0f / static_cast<float>(features));
  for (int j = threadIdx.x; j < features; j += kThreads) {
    float sum = 0;
    for (int c = 0; c < d; ++c) {
      sum += w[j * d + c] * row[c];
    }
    z[static_cast<size_t>(blockIdx.x) * features + j] = factor * cosf(sum + b[j]);
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  launch(stream, rff_features, dim3(static_cast<unsigned>(p.rows())), dim3(kThreads), 0, buffers.f32("x"),
         buffers.f32("w"), buffers.f32("b"), buffers.f32("z"), static_cast<int>(p.head_dim),
         static_cast<int>(p.features));
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const FeatureProblem p = feature_problem(problem);
  return static_cast<double>(p.rows() * p.features) * static_cast<double>(2 * p.head_dim + 2);
}

const Rung kRung{.op = "feature_rff",
                 .id = "00_naive",
                 .title = "One feature per thread",
                 .teaches = "Every block reads all of W, neighbours d elements apart.",
                 .limit = "Loads of W: d D per row, 32 sectors per warp.",
                 .source = "Rahimi, Recht 2007, section 3",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
