// From 00_naive: 64 queries against 64 columns of S as a tiled matrix product; a warp finds each denominator
// once. Teaches: S is read once per 64 queries; what depends on the query alone is computed once, across the
// lanes of a warp. Limit: memory bandwidth of queries and outputs once m and dv are small; shared memory
// otherwise. Source: Katharopoulos et al. 2020, arXiv:2006.16236, equation 6; CUDA C++ Programming Guide,
// "Shared Memory". SPDX-License-Identifier: MIT
#include "kernels/cuda/tile_product.cuh"
#include "kernels/feature_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

__global__ void __launch_bounds__(kTileThreads)
    apply_state(const float* __restrict__ phi_q, const float* __restrict__ s, const float* __restrict__ z,
                float* __restrict__ o, int n, int m, int dv, float eps) {
  __shared__ float denominator[kTile];
  const size_t head = blockIdx.z;
  const int first_t = blockIdx.x * kTile;
  const int first_c = blockIdx.y * kTile;
  phi_q += head * n * m;
  s += head * m * dv;
  for (int i = threadIdx.x / 32; i < kTile; i += kTileThreads / 32) {
    float sum = 0;
    for (int f = threadIdx.x % 32; f < m; f += 32) {
      sum += first_t + i < n ? phi_q[static_cast<size_t>(first_t + i) * m + f] * z[head * m + f] : 0.0f;
    }
    sum = warp_sum(sum);
    if (threadIdx.x % 32 == 0) {
      denominator[i] = sum + eps;
    }
  }
  float sums[kTileEach][kTileEach] = {};
  tile_product<true, false>(
      0, m,
      [=](int t, int f) {
        return first_t + t < n && f < m ? phi_q[static_cast<size_t>(first_t + t) * m + f] : 0.0f;
      },
      [=](int c, int f) { return first_c + c < dv && f < m ? s[f * dv + first_c + c] : 0.0f; }, sums);
#pragma unroll
  for (int r = 0; r < kTileEach; ++r) {
    const int t = first_t + tile_row() + r;
#pragma unroll
    for (int c = 0; c < kTileEach; ++c) {
      const int col = first_c + tile_col() + c;
      if (t < n && col < dv) {
        o[(head * n + t) * dv + col] = sums[r][c] / denominator[tile_row() + r];
      }
    }
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  const dim3 grid(static_cast<unsigned>((p.seq_len + kTile - 1) / kTile),
                  static_cast<unsigned>((p.head_dim_v + kTile - 1) / kTile), static_cast<unsigned>(p.heads));
  launch(stream, apply_state, grid, dim3(kTileThreads), 0, buffers.f32("phi_q"), buffers.f32("s"),
         buffers.f32("z"), buffers.f32("o"), static_cast<int>(p.seq_len), static_cast<int>(p.head_dim),
         static_cast<int>(p.head_dim_v), static_cast<float>(problem.real(params::eps)));
}

const Rung kRung{.op = "apply_state",
                 .id = "10_tiled",
                 .title = "64 x 64 tiles of O",
                 .teaches = "S is read once per 64 queries; a warp finds each denominator once.",
                 .limit = "Bandwidth of queries and outputs for small m and dv; shared memory otherwise.",
                 .source = "Katharopoulos et al. 2020, arXiv:2006.16236, equation 6"};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
