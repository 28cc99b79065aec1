// From 00_naive: 64 rows against 64 features as a tiled matrix product; the cosine is its last step.
// Teaches: a random feature map is a matrix product with an element-wise end, and is tiled like one: each
// element of W is read once per 64 rows, each sum lives in a register. Limit: shared memory: 8 loads per 16
// multiply-adds; then the cosine. Source: Rahimi, Recht 2007, section 3; CUDA C++ Programming Guide, "Shared
// Memory". SPDX-License-Identifier: MIT
#include "kernels/cuda/tile_product.cuh"
#include "kernels/feature_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

__global__ void __launch_bounds__(kTileThreads)
    rff_features(const float* __restrict__ x, const float* __restrict__ w, const float* __restrict__ b,
                 float* __restrict__ z, int rows, int d, int features) {
  const int first_row = blockIdx.x * kTile;
  const int first_feature = blockIdx.y * kTile;
  float sums[kTileEach][kTileEach] = {};
  tile_product<true, true>(
      0, d,
      [=](int i, int k) {
        return first_row + i < rows && k < d ? x[static_cast<size_t>(first_row + i) * d + k] : 0.0f;
      },
      [=](int j, int k) {
        return first_feature + j < features && k < d ? w[(first_feature + j) * d + k] : 0.0f;
      },
      sums);
  const float factor = sqrtf(2.0f / static_cast<float>(features));
#pragma unroll
  for (int r = 0; r < kTileEach; ++r) {
    const int row = first_row + tile_row() + r;
#pragma unroll
    for (int c = 0; c < kTileEach; ++c) {
      const int j = first_feature + tile_col() + c;
      if (row < rows && j < features) {
        z[static_cast<size_t>(row) * features + j] = factor * cosf(sums[r][c] + b[j]);
      }
    }
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  const dim3 grid(static_cast<unsigned>((p.rows() + kTile - 1) / kTile),
                  static_cast<unsigned>((p.features + kTile - 1) / kTile));
  launch(stream, rff_features, grid, dim3(kTileThreads), 0, buffers.f32("x"), buffers.f32("w"),
         buffers.f32("b"), buffers.f32("z"), static_cast<int>(p.rows()), static_cast<int>(p.head_dim),
         static_cast<int>(p.features));
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const FeatureProblem p = feature_problem(problem);
  const auto n = static_cast<double>(p.rows()), d = static_cast<double>(p.head_dim),
             m = static_cast<double>(p.features);
  const auto row_tiles = static_cast<double>((p.rows() + kTile - 1) / kTile),
             feature_tiles = static_cast<double>((p.features + kTile - 1) / kTile);
  return n * d * feature_tiles + m * d * row_tiles + 2 * n * m;
}

const Rung kRung{.op = "feature_rff",
                 .id = "10_tiled",
                 .title = "Tiled product, cosine at its end",
                 .teaches = "A random feature map is a matrix product with an element-wise end.",
                 .limit = "Shared memory: 8 loads per 16 multiply-adds; then the cosine.",
                 .source = "Rahimi, Recht 2007, section 3; CUDA C++ Programming Guide, \"Shared Memory\"",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
