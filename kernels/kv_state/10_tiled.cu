// From 00_naive: one block per 64 x 64 tile of S, 16 sums in the registers of a thread, 16 tokens at a time
// in shared memory. Teaches: S is a matrix product whose depth is the sequence; a token's features are read
// once per 64 columns. Limit: parallelism: with m = dv = 64 there is one tile per head, whatever the length.
// Source: Katharopoulos et al. 2020, arXiv:2006.16236, equation 6; CUDA C++ Programming Guide, "Shared
// Memory". SPDX-License-Identifier: MIT
#include "kernels/cuda/tile_product.cuh"
#include "kernels/feature_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

__global__ void __launch_bounds__(kTileThreads)
    kv_state(const float* __restrict__ phi_k, const float* __restrict__ v, float* __restrict__ s,
             float* __restrict__ z, int n, int m, int dv) {
  const size_t head = blockIdx.z;
  const int first_f = blockIdx.x * kTile;
  const int first_c = blockIdx.y * kTile;
  phi_k += head * n * m;
  v += head * n * dv;
  float sums[kTileEach][kTileEach] = {};
  tile_product<false, false>(
      0, n,
      [=](int f, int t) {
        return first_f + f < m && t < n ? phi_k[static_cast<size_t>(t) * m + first_f + f] : 0.0f;
      },
      [=](int c, int t) {
        return first_c + c < dv && t < n ? v[static_cast<size_t>(t) * dv + first_c + c] : 0.0f;
      },
      sums);
#pragma unroll
  for (int r = 0; r < kTileEach; ++r) {
    const int f = first_f + tile_row() + r;
#pragma unroll
    for (int c = 0; c < kTileEach; ++c) {
      const int col = first_c + tile_col() + c;
      if (f < m && col < dv) {
        s[(head * m + f) * dv + col] = sums[r][c];
      }
    }
  }
  const int f = first_f + threadIdx.x;
  if (blockIdx.y == 0 && threadIdx.x < kTile && f < m) {
    float sum = 0;
    for (int t = 0; t < n; ++t) {
      sum += phi_k[static_cast<size_t>(t) * m + f];
    }
    z[head * m + f] = sum;
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  const dim3 grid(static_cast<unsigned>((p.head_dim + kTile - 1) / kTile),
                  static_cast<unsigned>((p.head_dim_v + kTile - 1) / kTile), static_cast<unsigned>(p.heads));
  launch(stream, kv_state, grid, dim3(kTileThreads), 0, buffers.f32("phi_k"), buffers.f32("v"),
         buffers.f32("s"), buffers.f32("z"), static_cast<int>(p.seq_len), static_cast<int>(p.head_dim),
         static_cast<int>(p.head_dim_v));
}

const Rung kRung{.op = "kv_state",
                 .id = "10_tiled",
                 .title = "64 x 64 tiles of S",
                 .teaches = "S is a matrix product whose depth is the sequence.",
                 .limit = "Parallelism: one tile per head at m = dv = 64, whatever the length.",
                 .source = "Katharopoulos et al. 2020, arXiv:2006.16236, equation 6"};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
