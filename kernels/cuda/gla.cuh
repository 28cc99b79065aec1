// Gated linear attention between chunks, the same for every form of the scores inside them: gates measured
// from a chunk's ends (exponents <= 0), a state that walks over the chunks, and the launch of that walk.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/cuda/linear.cuh"
#include "kernels/gla_problem.hpp"
#include "kernels/watch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {

constexpr int kGlaThreads = 256;

/// e^-104 is 0 in fp32. A stronger decay changes nothing, and a bounded one keeps sums of them finite.
constexpr float kForgotten = -104.0f;

/// Log decays of a chunk, g [T, K] from its first row, to a tile [rows, K], 0 in rows beyond valid. Ends with
/// a barrier.
__device__ inline void load_decays(float* tile, int stride, const float* g, int rows, int valid, int dim) {
#pragma unroll 4
  for (int r = threadIdx.x / 32; r < rows; r += kGlaThreads / 32) {
    for (int c = threadIdx.x % 32; c < dim; c += 32) {
      tile[r * stride + c] = r < valid ? fmaxf(g[static_cast<size_t>(r) * dim + c], kForgotten) : 0.0f;
    }
  }
  __syncthreads();  // the log decays are loaded
}

/// Replaces channel c of a tile of log decays by their sums up to and including each row.
__device__ inline void accumulate_decays(float* tile, int stride, int rows, int c) {
  float sum = 0;
#pragma unroll 8
  for (int r = 0; r < rows; ++r) {
    sum += tile[r * stride + c];
    tile[r * stride + c] = sum;
  }
}

/// Both together: tile [rows, K] gets sum_{j <= r} g_j. Ends with a barrier.
__device__ inline void load_cumulative(float* tile, int stride, const float* g, int rows, int valid,
                                       int dim) {
  load_decays(tile, stride, g, rows, valid, dim);
  for (int c = threadIdx.x; c < dim; c += kGlaThreads) {
    accumulate_decays(tile, stride, rows, c);
  }
  __syncthreads();  // the sums are complete
}

/// One block's shared memory in the walk over chunks. Widths are padded to whole tiles.
struct GlaWalk {
  int chunk, block_v, depth;  // depth: K rounded up to 16
  __host__ __device__ int q_stride() const { return depth + 4; }
  __host__ __device__ int k_stride() const { return chunk + 4; }
  __host__ __device__ int floats() const {
    return chunk * (2 * q_stride() + block_v + k_stride()) + depth * (k_stride() + block_v + 1);
  }
};

/// One block per tile of value columns and head. a [H, chunks, C, C]: the masked scores inside chunks.
/// O = A v + (scale q * e^G) S,  S' = e^{G_C} S + (k * e^{G_C - G})^T v with G the cumulative log decay.
static __global__ void __launch_bounds__(kGlaThreads)
    gla_walk(const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,
             const float* __restrict__ g, const float* __restrict__ a, float* __restrict__ o,
             StateArrays state, LinearShape shape, GlaWalk plan) {
  extern __shared__ float4 shared[];
  const int C = plan.chunk;
  const int q_stride = plan.q_stride();
  const int k_stride = plan.k_stride();
  const int block_v = plan.block_v;
  float* q_tile = reinterpret_cast<float*>(shared);  // [C, depth], scale q * e^G
  float* sums = q_tile + C * q_stride;               // [C, depth], G
  float* k_tile = sums + C * q_stride;               // [depth, C], k * e^{G_C - G}, transposed
  float* v_tile = k_tile + plan.depth * k_stride;    // [C, block_v]
  float* a_tile = v_tile + C * block_v;              // [C, C]
  float* s = a_tile + C * k_stride;                  // [depth, block_v]
  float* gamma = s + plan.depth * block_v;           // [depth], e^{G_C}
  const int tid = threadIdx.x;
  const int first_col = blockIdx.x * block_v;
  const int K = shape.head_dim;
  const int V = shape.head_dim_v;
  const size_t head = blockIdx.y;
  const int chunks = (shape.seq_len + C - 1) / C;
  for (int e = tid; e < plan.depth * block_v; e += kGlaThreads) {
    const int c = e / block_v;
    const int col = first_col + e % block_v;
    s[e] = state.s0 != nullptr && c < K && col < V ? state.s0[(head * K + c) * V + col] : 0.0f;
  }
  for (int c = tid; c < plan.depth; c += kGlaThreads) {
    gamma[c] = 0;
  }

  for (int n = 0; n < chunks; ++n) {
    const size_t first = head * shape.seq_len + n * C;
    const int valid = min(C, shape.seq_len - n * C);
    __syncthreads();  // the tiles of the previous chunk have been used, the state is updated
    load_decays(sums, q_stride, g + first * K, C, valid, K);
    // What a key loses up to the chunk's end is summed from there: G_C - G would lose the last tokens'
    // digits.
    for (int c = tid; c < K; c += kGlaThreads) {
      float rest = 0;
#pragma unroll 8
      for (int r = C - 1; r >= 0; --r) {
        k_tile[c * k_stride + r] = rest;
        rest += sums[r * q_stride + c];
      }
      gamma[c] = expf(rest);
      accumulate_decays(sums, q_stride, C, c);
    }
    __syncthreads();  // sums from both ends are complete
#pragma unroll 4
    for (int r = tid / 32; r < C; r += kGlaThreads / 32) {
      for (int c = tid % 32; c < plan.depth; c += 32) {
        const bool inside = r < valid && c < K;
        const size_t at = (first + r) * K + c;
        float& key = k_tile[c * k_stride + r];
        q_tile[r * q_stride + c] = inside ? shape.scale * q[at] * expf(sums[r * q_stride + c]) : 0.0f;
        key = inside ? k[at] * expf(key) : 0.0f;
      }
      for (int col = tid % 32; col < block_v; col += 32) {
        const bool inside = r < valid && first_col + col < V;
        v_tile[r * block_v + col] = inside ? v[(first + r) * V + first_col + col] : 0.0f;
      }
      for (int j = tid % 32; j < C; j += 32) {
        a_tile[r * k_stride + j] = a[((head * chunks + n) * C + r) * C + j];
      }
    }
    __syncthreads();  // the tiles are complete

    for_warp_tiles<kGlaThreads>(C, block_v, [&](int r, int col) {
      float4 sum[4] = {};
      add_tile_product(sum, q_tile + r * q_stride, q_stride, s + col, block_v, plan.depth);
      add_tile_product(sum, a_tile + r * k_stride, k_stride, v_tile + col, block_v,
                       r / kTileRows * kTileRows + kTileRows);
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        if (r + 4 * i < valid) {
          store4(o + (first + r + 4 * i) * V, first_col + col, V, V % 4 == 0, sum[i]);
        }
      }
    });
    __syncthreads();  // the outputs have read the state before the chunk
    for_warp_tiles<kGlaThreads>(plan.depth, block_v, [&](int c, int col) {
      float4 sum[4] = {};
      add_tile_product(sum, k_tile + c * k_stride, k_stride, v_tile + col, block_v, C);
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        float4& entry = *reinterpret_cast<float4*>(s + (c + 4 * i) * block_v + col);
        add_scaled(sum[i], gamma[c + 4 * i], entry);
        const float4 s_new = sum[i];
        entry = s_new;
        watch("S", c + 4 * i, first_col + col, s_new);
      }
    });
  }
  __syncthreads();  // the last state is complete
  for (int e = tid; state.s != nullptr && e < K * block_v; e += kGlaThreads) {
    const int col = first_col + e % block_v;
    if (col < V) {
      state.s[(head * K + e / block_v) * V + col] = s[e];
    }
  }
}

/// Scores inside all chunks, as scratch: [H, chunks, C, C].
inline float* chunk_scores(Stream& stream, const GlaProblem& p, int chunk) {
  const std::size_t rows = static_cast<std::size_t>(p.heads) * round_up(static_cast<int>(p.seq_len), chunk);
  return static_cast<float*>(stream.scratch("scores", rows * chunk * sizeof(float)));
}

inline GlaWalk walk_of(const LinearShape& shape, const ParamSet& tiles) {
  return {tiles.integer32(params::gla_chunk), tiles.integer32(params::gla_block_v),
          round_up(shape.head_dim, 16)};
}

inline void launch_walk(Stream& stream, const GlaProblem& p, const ParamSet& tiles, const Buffers& buffers,
                        const float* scores) {
  const LinearShape shape = shape_of(p);
  const GlaWalk plan = walk_of(shape, tiles);
  launch(stream, gla_walk, dim3(ceil_div(shape.head_dim_v, plan.block_v), static_cast<unsigned>(p.heads)),
         dim3(kGlaThreads), plan.floats() * sizeof(float), buffers.f32("q"), buffers.f32("k"),
         buffers.f32("v"), buffers.f32("g"), scores, buffers.f32("o"), state_arrays(p, buffers, false), shape,
         plan);
}

/// "" when chunk and block_v have compiled sizes and the walk fits, otherwise the sentence that says so.
inline std::string walk_limit(const GlaProblem& p, const ParamSet& tiles) {
  const std::string why =
      built_sizes(tiles, params::gla_chunk, {32, 64}) + built_sizes(tiles, params::gla_block_v, {32, 64});
  return !why.empty() ? why : shared_memory_limit(walk_of(shape_of(p), tiles).floats(), "chunk or block_v");
}

/// Inside chunks q, k, g are read and C scores per token written; the walk reads them, and q, k, g once more
/// for each tile of value columns, v and o once.
inline double walk_accesses(const ParamSet& problem, const ParamSet& tiles) {
  const GlaProblem p = gla_problem(problem);
  const auto K = static_cast<double>(p.head_dim);
  const double C = tiles.real(params::gla_chunk);
  const double rows =
      static_cast<double>(p.heads * round_up(static_cast<int>(p.seq_len), static_cast<int>(C)));
  const double col_tiles = ceil_div(static_cast<int>(p.head_dim_v), tiles.integer32(params::gla_block_v));
  return p.tokens() * (3 * K * (1 + col_tiles) + 2 * static_cast<double>(p.head_dim_v)) +
         rows * C * (1 + col_tiles) + (p.pass_state ? 2 * p.state_size() : 0);
}

}  // namespace alab::ALAB_BUILD_NAMESPACE
