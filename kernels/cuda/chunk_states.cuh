// The state pass of the two-pass forms: a walk over the chunks that writes the state before each of them (or
// after it, against time) to memory. SPDX-License-Identifier: MIT
#pragma once

#include "kernels/cuda/linear.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {

constexpr int kStateThreads = 256;

/// Sums of x^T y and w x over the tokens before a chunk, or after it.
struct ChunkStates {
  const float* x;             ///< [H, T, K], through phi, times x_factor
  const float* y;             ///< [H, T, V], times y_factor [H, T]
  const float *y_factor, *w;  ///< null: ones
  float x_factor;
  float *s, *z;            ///< [H, chunks, K, V], [H, chunks, K]
  bool after;              ///< sums run against time, over the tokens behind a chunk
  StateArrays state = {};  ///< where they start, and where the last of them goes
};

inline int chunk_states_floats(const LinearShape& shape, int chunk, int block_v) {
  return chunk * (shape.head_dim + block_v) + shape.head_dim * (block_v + 1);
}

/// One block per tile of block_v value columns and head.
static __global__ void __launch_bounds__(kStateThreads, 2)
    chunk_states(ChunkStates a, LinearShape shape, int chunk, int block_v) {
  extern __shared__ float shared[];
  float* x = shared;                        // [C, K]
  float* y = x + chunk * shape.head_dim;    // [C, block_v]
  float* s = y + chunk * block_v;           // [K, block_v]
  float* z = s + shape.head_dim * block_v;  // [K]
  const int tid = threadIdx.x;
  const int first_col = blockIdx.x * block_v;
  const int cols = min(block_v, shape.head_dim_v - first_col);
  const int chunks = (shape.seq_len + chunk - 1) / chunk;
  const bool owns_z = blockIdx.x == 0 && (shape.normalize || a.state.z != nullptr);
  const size_t head = blockIdx.y;
  const size_t state_at = head * shape.head_dim * shape.head_dim_v + first_col;
  for (int e = tid; e < shape.head_dim * block_v; e += kStateThreads) {
    const int c = e / block_v;
    const int col = e % block_v;
    s[e] = a.state.s0 != nullptr && col < cols ? a.state.s0[state_at + c * shape.head_dim_v + col] : 0.0f;
  }
  for (int c = tid; c < shape.head_dim; c += kStateThreads) {
    z[c] = a.state.z0 != nullptr ? a.state.z0[head * shape.head_dim + c] : 0.0f;
  }

  for (int i = 0; i < chunks; ++i) {
    const int n = a.after ? chunks - 1 - i : i;
    const size_t first = head * shape.seq_len + n * chunk;
    const int valid = min(chunk, shape.seq_len - n * chunk);
    __syncthreads();  // x and y of the previous chunk have been used
    load_features<kStateThreads>(x, shape.head_dim, a.x + first * shape.head_dim, chunk, valid,
                                 shape.head_dim, 0, shape.head_dim, shape.elu1, a.x_factor);
#pragma unroll 4
    for (int e = tid; e < chunk * block_v; e += kStateThreads) {
      const int r = e / block_v;
      const int col = e % block_v;
      const bool inside = r < valid && col < cols;
      const float factor = inside && a.y_factor != nullptr ? a.y_factor[first + r] : 1.0f;
      y[e] = inside ? factor * a.y[(first + r) * shape.head_dim_v + first_col + col] : 0.0f;
    }
    __syncthreads();  // x, y and, the first time, the state are complete
    const size_t at = (head * chunks + n) * shape.head_dim;
    // [snippet state]
    for_row_groups<kStateThreads>(round_up(shape.head_dim, kRowsPerThread), block_v, [&](int c, int col) {
      float sum[kRowsPerThread] = {};
      add_product(sum, Matrix{x, 1, shape.head_dim}, Matrix{y, block_v, 1}, c, col, chunk);
      for (int m = 0; m < kRowsPerThread && c + m < shape.head_dim; ++m) {
        float& entry = s[(c + m) * block_v + col];
        if (col < cols) {
          a.s[(at + c + m) * shape.head_dim_v + first_col + col] = entry;
        }
        entry += sum[m];
      }
    });
    // [/snippet]
    for (int c = tid; owns_z && c < shape.head_dim; c += kStateThreads) {
      a.z[at + c] = z[c];
      float sum = 0;
#pragma unroll 8
      for (int j = 0; j < valid; ++j) {
        sum += x[j * shape.head_dim + c] * (a.w != nullptr ? a.w[first + j] : 1.0f);
      }
      z[c] += sum;
    }
  }
  __syncthreads();  // the last state is complete
  if (a.state.s != nullptr) {
    for (int e = tid; e < shape.head_dim * cols; e += kStateThreads) {
      a.state.s[state_at + e / cols * shape.head_dim_v + e % cols] = s[e / cols * block_v + e % cols];
    }
    for (int c = tid; owns_z && c < shape.head_dim; c += kStateThreads) {
      a.state.z[head * shape.head_dim + c] = z[c];
    }
  }
}

}  // namespace alab::ALAB_BUILD_NAMESPACE
