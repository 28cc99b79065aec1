// From 00_naive: 64 rows against 64 features as a tiled matrix product; each row's norm is found once, by a
// warp. Teaches: what depends on the row alone (norm, constant) leaves the inner loop; the exponential closes
// the product. Limit: shared memory: 8 loads per 16 multiply-adds; then the exponential. Source: Choromanski
// et al. 2021, arXiv:2009.14794, lemma 1; CUDA C++ Programming Guide, "Shared Memory".
// SPDX-License-Identifier: MIT
#include "kernels/cuda/tile_product.cuh"
#include "kernels/feature_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

__global__ void __launch_bounds__(kTileThreads)
    favor_features(const float* __restrict__ x, const float* __restrict__ w, const float* __restrict__ shift,
                   float* __restrict__ phi, int rows, int d, int m, bool is_query) {
  __shared__ float offset[kTile];  // |x'|^2 / 2 + c of each row
  const int first_row = blockIdx.x * kTile;
  const int first_feature = blockIdx.y * kTile;
  const float scale = 1.0f / sqrtf(sqrtf(static_cast<float>(d)));
  for (int i = threadIdx.x / 32; i < kTile; i += kTileThreads / 32) {
    float squares = 0;
    for (int k = threadIdx.x % 32; k < d; k += 32) {
      const float value = first_row + i < rows ? scale * x[static_cast<size_t>(first_row + i) * d + k] : 0.0f;
      squares += value * value;
    }
    squares = warp_sum(squares);
    if (threadIdx.x % 32 == 0 && first_row + i < rows) {
      offset[i] = 0.5f * squares + shift[is_query ? first_row + i : 0];
    }
  }
  float sums[kTileEach][kTileEach] = {};
  tile_product<true, true>(
      0, d,
      [=](int i, int k) {
        return first_row + i < rows && k < d ? scale * x[static_cast<size_t>(first_row + i) * d + k] : 0.0f;
      },
      [=](int j, int k) { return first_feature + j < m && k < d ? w[(first_feature + j) * d + k] : 0.0f; },
      sums);
  const float factor = 1.0f / sqrtf(static_cast<float>(m));
#pragma unroll
  for (int r = 0; r < kTileEach; ++r) {
    const int row = first_row + tile_row() + r;
#pragma unroll
    for (int c = 0; c < kTileEach; ++c) {
      const int j = first_feature + tile_col() + c;
      if (row < rows && j < m) {
        phi[static_cast<size_t>(row) * m + j] = factor * expf(sums[r][c] - offset[tile_row() + r]);
      }
    }
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  const dim3 grid(static_cast<unsigned>((p.rows() + kTile - 1) / kTile),
                  static_cast<unsigned>((p.features + kTile - 1) / kTile));
  launch(stream, favor_features, grid, dim3(kTileThreads), 0, buffers.f32("x"), buffers.f32("w"),
         buffers.f32("shift"), buffers.f32("phi"), static_cast<int>(p.rows()), static_cast<int>(p.head_dim),
         static_cast<int>(p.features), problem.choice(params::role) == 0);
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const FeatureProblem p = feature_problem(problem);
  const auto n = static_cast<double>(p.rows()), d = static_cast<double>(p.head_dim),
             m = static_cast<double>(p.features);
  const auto row_tiles = static_cast<double>((p.rows() + kTile - 1) / kTile),
             feature_tiles = static_cast<double>((p.features + kTile - 1) / kTile);
  return (2 * n * d + n) * feature_tiles + m * d * row_tiles + n * m;
}

const Rung kRung{.op = "feature_favor",
                 .id = "10_tiled",
                 .title = "Tiled product, exponential at its end",
                 .teaches = "Norm and constant of a row leave the inner loop; a warp finds them once.",
                 .limit = "Shared memory: 8 loads per 16 multiply-adds; then the exponential.",
                 .source = "Choromanski et al. 2021, arXiv:2009.14794, lemma 1",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
