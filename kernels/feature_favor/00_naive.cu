// One block per row, one thread per feature; every thread also sums up the row's norm for itself.
// Teaches: the formula, exponent by exponent, and which constant a row subtracts.
// Limit: loads: 2 d per feature, of which W's touch 32 sectors per warp, and the norm is computed m times.
// Source: Choromanski et al. 2021, arXiv:2009.14794, lemma 1.
// SPDX-License-Identifier: MIT
#include "kernels/feature_problem.hpp"
#include "kernels/launch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 128;

__global__ void favor_features(const float* x, const float* w, const float* shift, float* phi, int d, int m,
                               bool is_query) {
  const float* row = x + static_cast<size_t>(blockIdx.x) * d;
  const float scale = 1.0f / sqrtf(sqrtf(static_cast<float>(d)));
  const float c = shift[is_query ? blockIdx.x : 0];
  for (int j = threadIdx.x; j < m; j += kThreads) {
    float dot = 0;
    float squares = 0;
    for (int k = 0; k < d; ++k) {
      const float value = scale * row[k];
      dot += w[j * d + k] * value;
      squares += value * value;
    }
    phi[static_cast<size_t>(blockIdx.x) * m + j] =
        expf(dot - 0.5f * squares - c) / sqrtf(static_cast<float>(m));
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  launch(stream, favor_features, dim3(static_cast<unsigned>(p.rows())), dim3(kThreads), 0, buffers.f32("x"),
         buffers.f32("w"), buffers.f32("shift"), buffers.f32("phi"), static_cast<int>(p.head_dim),
         static_cast<int>(p.features), problem.choice(params::role) == 0);
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const FeatureProblem p = feature_problem(problem);
  return static_cast<double>(p.rows() * p.features) * static_cast<double>(2 * p.head_dim + 1);
}

const Rung kRung{.op = "feature_favor",
                 .id = "00_naive",
                 .title = "One feature per thread",
                 .teaches = "The formula, and which constant a row subtracts.",
                 .limit = "Loads: 2 d per feature; the norm is computed m times.",
                 .source = "Choromanski et al. 2021, arXiv:2009.14794, lemma 1",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
