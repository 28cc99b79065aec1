// From 10_tiled: the sequence is cut into splits that run side by side; a second kernel adds their parts in
// order. Teaches: a sum over tokens may be cut anywhere; partial sums in scratch memory, added in a fixed
// order, give the same bits every time, where atomics would not. Limit: scratch traffic, m dv elements per
// split, written once and read once. Source: the sequence-parallel pass of FlashLinearAttention, Yang et al.
// 2024, arXiv:2312.06635, algorithm 1. SPDX-License-Identifier: MIT
#include "kernels/cuda/tile_product.cuh"
#include "kernels/feature_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;

// part [splits, H, m, dv + 1]: the last column is z.
__global__ void __launch_bounds__(kTileThreads)
    split_state(const float* __restrict__ phi_k, const float* __restrict__ v, float* __restrict__ part, int n,
                int m, int dv, int splits, int heads) {
  const int split = blockIdx.z % splits;
  const size_t head = blockIdx.z / splits;
  const int tokens = (n + splits - 1) / splits;
  const int first = min(split * tokens, n);
  const int end = min(first + tokens, n);
  const int first_f = blockIdx.x * kTile;
  const int first_c = blockIdx.y * kTile;
  phi_k += head * n * m;
  v += head * n * dv;
  float sums[kTileEach][kTileEach] = {};
  // [snippet ones]
  // A column of ones behind the values: its product with phi(K) is z.
  tile_product<false, false>(
      first, end,
      [=](int f, int t) {
        return first_f + f < m && t < end ? phi_k[static_cast<size_t>(t) * m + first_f + f] : 0.0f;
      },
      [=](int c, int t) {
        const int col = first_c + c;
        return t >= end || col > dv ? 0.0f : (col == dv ? 1.0f : v[static_cast<size_t>(t) * dv + col]);
      },
      sums);
  // [/snippet]
#pragma unroll
  for (int r = 0; r < kTileEach; ++r) {
    const int f = first_f + tile_row() + r;
#pragma unroll
    for (int c = 0; c < kTileEach; ++c) {
      const int col = first_c + tile_col() + c;
      if (f < m && col <= dv) {
        part[((static_cast<size_t>(split) * heads + head) * m + f) * (dv + 1) + col] = sums[r][c];
      }
    }
  }
}

__global__ void add_splits(const float* __restrict__ part, float* __restrict__ s, float* __restrict__ z,
                           int m, int dv, int splits, int heads) {
  const int size = heads * m * (dv + 1);
  const int e = blockIdx.x * kThreads + threadIdx.x;
  if (e >= size) {
    return;
  }
  float sum = 0;
  for (int split = 0; split < splits; ++split) {
    sum += part[static_cast<size_t>(split) * size + e];
  }
  const int row = e / (dv + 1);
  const int col = e % (dv + 1);
  if (col == dv) {
    z[row] = sum;
  } else {
    s[static_cast<size_t>(row) * dv + col] = sum;
  }
}

const Param kSplits =
    int_param("splits", "splits of the sequence", "",
              "Blocks that share one tile of S; more than seq_len is allowed.", 8, 1, 256, true);
const Param* const kTiles[] = {&kSplits};

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  const int splits = static_cast<int>(tiles.integer(kSplits));
  const int m = static_cast<int>(p.head_dim), dv = static_cast<int>(p.head_dim_v),
            heads = static_cast<int>(p.heads);
  const int size = heads * m * (dv + 1);
  float* part =
      static_cast<float*>(stream.scratch("part", sizeof(float) * static_cast<std::size_t>(splits) * size));
  const dim3 grid((m + kTile - 1) / kTile, (dv + 1 + kTile - 1) / kTile, splits * heads);
  launch(stream, split_state, grid, dim3(kTileThreads), 0, buffers.f32("phi_k"), buffers.f32("v"), part,
         static_cast<int>(p.seq_len), m, dv, splits, heads);
  launch(stream, add_splits, dim3((size + kThreads - 1) / kThreads), dim3(kThreads), 0, part,
         buffers.f32("s"), buffers.f32("z"), m, dv, splits, heads);
}

const Rung kRung{.op = "kv_state",
                 .id = "20_split_tokens",
                 .title = "The sequence in splits, added in order",
                 .teaches = "A sum over tokens may be cut anywhere; a fixed order keeps the bits.",
                 .limit = "Scratch traffic: m dv elements per split, written and read once.",
                 .source = "Yang et al. 2024, arXiv:2312.06635, algorithm 1",
                 .tiles = kTiles};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
