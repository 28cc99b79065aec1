// A 64 x 64 tile of a matrix product by 256 threads, 4 x 4 sums in the registers of each; operands pass
// through shared memory 16 columns at a time, so that every element is read once per tile and used 64 times.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/launch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {

constexpr int kTile = 64;
constexpr int kTileDepth = 16;
constexpr int kTileThreads = 256;
constexpr int kTileEach = 4;  // rows and columns of a thread's sums

/// First row and column of this thread's sums within the tile.
__device__ inline int tile_row() {
  return threadIdx.x / 16 * kTileEach;
}
__device__ inline int tile_col() {
  return threadIdx.x % 16 * kTileEach;
}

/// One operand's columns [depth, depth + 16): shared[k][i] = value(i, depth + k). Neighbouring threads take
/// neighbouring k when k_fastest, neighbouring i otherwise: whichever is contiguous in memory.
template <bool k_fastest, class Value>
__device__ void load_tile(float (&shared)[kTileDepth][kTile + 1], int depth, Value value) {
#pragma unroll
  for (int e = threadIdx.x; e < kTile * kTileDepth; e += kTileThreads) {
    const int k = k_fastest ? e % kTileDepth : e / kTile;
    const int i = k_fastest ? e / kTileDepth : e % kTile;
    shared[k][i] = value(i, depth + k);
  }
}

/// sums[r][c] += sum over k in [first, end) of a(tile_row() + r, k) b(tile_col() + c, k). a and b return 0
/// outside their arrays, also for k >= end. Called by all threads of the block.
template <bool a_k_fastest, bool b_k_fastest, class A, class B>
__device__ void tile_product(int first, int end, A a, B b, float (&sums)[kTileEach][kTileEach]) {
  __shared__ float a_tile[kTileDepth][kTile + 1];
  __shared__ float b_tile[kTileDepth][kTile + 1];  // + 1: writes of one column hit 16 banks
  for (int depth = first; depth < end; depth += kTileDepth) {
    __syncthreads();  // the tiles before are used up
    load_tile<a_k_fastest>(a_tile, depth, a);
    load_tile<b_k_fastest>(b_tile, depth, b);
    __syncthreads();  // these are complete
#pragma unroll
    for (int k = 0; k < kTileDepth; ++k) {
      float right[kTileEach];
#pragma unroll
      for (int c = 0; c < kTileEach; ++c) {
        right[c] = b_tile[k][tile_col() + c];
      }
#pragma unroll
      for (int r = 0; r < kTileEach; ++r) {
        const float left = a_tile[k][tile_row() + r];
#pragma unroll
        for (int c = 0; c < kTileEach; ++c) {
          sums[r][c] += left * right[c];
        }
      }
    }
  }
}

/// Sum over the warp, known to every lane.
__device__ inline float warp_sum(float x) {
#pragma unroll
  for (int bit = 16; bit > 0; bit /= 2) {
    x += __shfl_xor_sync(0xffffffffu, x, bit);
  }
  return x;
}

}  // namespace alab::ALAB_BUILD_NAMESPACE
