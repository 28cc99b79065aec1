// One block per row, one thread per i: it writes x_i^2 and its row of the triangle, sqrt2 x_i x_j for j > i.
// Teaches: the packed index d + i(2d - i - 1)/2 + (j - i - 1), and what it costs that neighbouring threads
// write d - i - 1 elements apart. Limit: stores: a warp's 32 stores hit 32 different sectors, and the thread
// of i = 0 works d times as long as the last one. Source: the homogeneous polynomial kernel of degree 2;
// Schoelkopf, Smola 2002, Learning with Kernels, chapter 2. SPDX-License-Identifier: MIT
#include "kernels/feature_problem.hpp"
#include "kernels/launch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 128;
constexpr float kSqrt2 = 1.41421356237309505f;

__global__ void poly2_features(const float* x, float* phi, int d) {
  const float* row = x + static_cast<size_t>(blockIdx.x) * d;
  float* out = phi + static_cast<size_t>(blockIdx.x) * (d * (d + 1) / 2);
  for (int i = threadIdx.x; i < d; i += kThreads) {
    out[i] = row[i] * row[i];
    const int base = d + i * (2 * d - i - 1) / 2;
    for (int j = i + 1; j < d; ++j) {
      out[base + j - i - 1] = kSqrt2 * row[i] * row[j];
    }
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  launch(stream, poly2_features, dim3(static_cast<unsigned>(p.rows())), dim3(kThreads), 0, buffers.f32("x"),
         buffers.f32("phi"), static_cast<int>(p.head_dim));
}

const Rung kRung{.op = "feature_poly2",
                 .id = "00_naive",
                 .title = "One row of the triangle per thread",
                 .teaches = "The packed index, and stores that neighbours make far apart.",
                 .limit = "Stores: 32 sectors per warp, and threads of unequal length.",
                 .source = "Schoelkopf, Smola 2002, Learning with Kernels, chapter 2"};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
