// Device side of the linear attention rungs: sizes, the feature map, and products of tiles in shared memory.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/cuda/attention.cuh"
#include "kernels/linear_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {

/// One head's sizes; tensors are [H, seq_len, dim].
struct LinearShape {
  int seq_len, head_dim, head_dim_v;  // T, K, V
  float scale;                        // factor on phi(q)
  bool elu1, normalize;
};

inline LinearShape shape_of(const LinearProblem& p) {
  return {static_cast<int>(p.seq_len),
          static_cast<int>(p.head_dim),
          static_cast<int>(p.head_dim_v),
          static_cast<float>(p.scale),
          p.elu1,
          p.normalize};
}

/// Where a head's state comes from and goes to; null: from 0, to nowhere. S [H, K, V], z [H, K].
struct StateArrays {
  const float *s0, *z0;
  float *s, *z;
};

inline StateArrays state_arrays(const LinearProblem& p, const Buffers& buffers, bool with_normalizer) {
  if (!p.pass_state) {
    return {nullptr, nullptr, nullptr, nullptr};
  }
  return {buffers.f32("S0"), with_normalizer ? buffers.f32("z0") : nullptr, buffers.f32("S"),
          with_normalizer ? buffers.f32("z") : nullptr};
}

/// phi(x): x itself, or elu(x) + 1.
__device__ inline float feature(float x, bool elu1) {
  return !elu1 ? x : (x > 0 ? x + 1.0f : expf(x));
}

/// phi'(x), and the same from phi(x): elu + 1 is e^x where it is below 1.
__device__ inline float feature_slope(float x, bool elu1) {
  return !elu1 || x > 0 ? 1.0f : expf(x);
}
__device__ inline float slope_of_feature(float phi, bool elu1) {
  return elu1 ? fminf(phi, 1.0f) : 1.0f;
}

/// Columns [first, first + cols) of rows [0, valid) of a [*, dim] array to a tile [rows, cols] of its own
/// stride, through phi and times factor; 0 outside valid rows and dim.
template <int threads>
__device__ void load_features(float* tile, int stride, const float* from, int rows, int valid, int dim,
                              int first, int cols, bool elu1, float factor) {
  const int lanes = threadIdx.x % 32;
#pragma unroll 4
  for (int r = threadIdx.x / 32; r < rows; r += threads / 32) {
    for (int c = lanes; c < cols; c += 32) {
      const bool inside = r < valid && first + c < dim;
      tile[r * stride + c] =
          inside ? factor * feature(from[static_cast<size_t>(r) * dim + first + c], elu1) : 0.0f;
    }
  }
}

/// factor * phi of elements [c, c + 4) of a row of dim floats; 0 beyond it, where phi(0) may not be.
__device__ inline float4 load_feature4(const float* row, int c, int dim, bool elu1, float factor) {
  const float4 x = load4(row, c, dim, dim % 4 == 0);
  return make_float4(
      c < dim ? factor * feature(x.x, elu1) : 0.0f, c + 1 < dim ? factor * feature(x.y, elu1) : 0.0f,
      c + 2 < dim ? factor * feature(x.z, elu1) : 0.0f, c + 3 < dim ? factor * feature(x.w, elu1) : 0.0f);
}

/// Columns [first, first + cols) of rows of a [*, dim] array to a tile [rows, cols], by float4.
template <int threads, int rows, int cols>
__device__ void load_columns(float* tile, int stride, const float* from, int valid, int first, int dim,
                             bool elu1, float factor) {
#pragma unroll 4
  for (int e = threadIdx.x; e < rows * cols / 4; e += threads) {
    const int r = e / (cols / 4);
    const int c = e % (cols / 4) * 4;
    *reinterpret_cast<float4*>(tile + r * stride + c) =
        r < valid ? load_feature4(from + static_cast<size_t>(r) * dim, first + c, dim, elu1, factor)
                  : float4{};
  }
}

/// The same to a tile [depth, rows]; pairs of lanes take 32 bytes of a row, so that stores meet no bank
/// twice.
template <int threads, int rows, int depth>
__device__ void load_features_transposed(float* tile, int stride, const float* from, int valid, int dim,
                                         bool elu1) {
#pragma unroll 4
  for (int e = threadIdx.x; e < rows * depth / 4; e += threads) {
    const int r = e / 2 % rows;
    const int c = (e / (2 * rows) * 2 + e % 2) * 4;
    const float4 x =
        r < valid ? load_feature4(from + static_cast<size_t>(r) * dim, c, dim, elu1, 1.0f) : float4{};
    tile[c * stride + r] = x.x;
    tile[(c + 1) * stride + r] = x.y;
    tile[(c + 2) * stride + r] = x.z;
    tile[(c + 3) * stride + r] = x.w;
  }
}

/// A matrix in shared or global memory: element (i, j) stands at data[i * row + j * col].
struct Matrix {
  const float* data;
  int row, col;
  __device__ float operator()(int i, int j) const { return data[i * row + j * col]; }
};

constexpr int kRowsPerThread = 4;

/// sum[n] += sum over i < depth of a(r + n, i) b(i, col). The lanes of a warp take neighbouring columns and
/// share r, so one load of b and four broadcasts of a feed four multiply-adds.
__device__ inline void add_product(float (&sum)[kRowsPerThread], const Matrix& a, const Matrix& b, int r,
                                   int col, int depth) {
#pragma unroll 4
  for (int i = 0; i < depth; ++i) {
    const float x = b(i, col);
#pragma unroll
    for (int n = 0; n < kRowsPerThread; ++n) {
      sum[n] += a(r + n, i) * x;
    }
  }
}

/// use(r, col) for every fourth row and every column of a [rows, cols] result; an element is always the same
/// thread's. rows is a multiple of 4.
template <int threads, class Use>
__device__ void for_row_groups(int rows, int cols, Use use) {
  const int col_tiles = (cols + 31) / 32;
  for (int t = threadIdx.x / 32; t < rows / kRowsPerThread * col_tiles; t += threads / 32) {
    const int col = t % col_tiles * 32 + threadIdx.x % 32;
    if (col < cols) {
      use(t / col_tiles * kRowsPerThread, col);
    }
  }
}

// The same with both operands as float4: a warp makes 16 rows x 32 columns, a lane 4 rows and 4 columns of
// them. Neighbouring lanes differ in row, so that pairs read the same float4 of b: half the wavefronts.
constexpr int kTileRows = 16;
constexpr int kTileCols = 32;

/// First row of this lane in a warp's tile; its others follow 4 apart.
__device__ inline int lane_row() {
  return (threadIdx.x & 1) | (threadIdx.x % 32 >> 4 << 1);
}
/// First of the 4 neighbouring columns of this lane.
__device__ inline int lane_col() {
  return (threadIdx.x >> 1 & 7) * 4;
}

/// sum[n] += sum over i < depth (a multiple of 4) of a[4 n][i] b[i][0 .. 3]; a and b point to this lane's
/// first row and column, strides are multiples of 4.
__device__ inline void add_tile_product(float4 (&sum)[4], const float* a, int a_stride, const float* b,
                                        int b_stride, int depth) {
#pragma unroll 2
  for (int i = 0; i < depth; i += 4) {
    float4 x[4];
#pragma unroll
    for (int n = 0; n < 4; ++n) {
      x[n] = *reinterpret_cast<const float4*>(a + 4 * n * a_stride + i);
    }
#pragma unroll
    for (int j = 0; j < 4; ++j) {
      const float4 y = *reinterpret_cast<const float4*>(b + (i + j) * b_stride);
#pragma unroll
      for (int n = 0; n < 4; ++n) {
        add_scaled(sum[n], j == 0 ? x[n].x : (j == 1 ? x[n].y : (j == 2 ? x[n].z : x[n].w)), y);
      }
    }
  }
}

/// use(row, col): this lane's first row and column in every tile of a [rows, cols] result, spread over warps.
template <int threads, class Use>
__device__ void for_warp_tiles(int rows, int cols, Use use) {
  const int col_tiles = cols / kTileCols;
  for (int t = threadIdx.x / 32; t < rows / kTileRows * col_tiles; t += threads / 32) {
    use(t / col_tiles * kTileRows + lane_row(), t % col_tiles * kTileCols + lane_col());
  }
}

/// Over the lanes of a warp, known to all of them.
__device__ inline float warp_sum(float x) {
#pragma unroll
  for (int bit = 1; bit < 32; bit *= 2) {
    x += __shfl_xor_sync(0xffffffffu, x, bit);
  }
  return x;
}

/// sum over i < depth of a(r, i) w[i] by one warp; w null stands for ones. Known to all lanes.
__device__ inline float warp_dot(const Matrix& a, int r, const float* w, int depth) {
  float sum = 0;
  for (int i = threadIdx.x % 32; i < depth; i += 32) {
    sum += a(r, i) * (w != nullptr ? w[i] : 1.0f);
  }
  return warp_sum(sum);
}

__host__ __device__ inline int round_up(int x, int to) {
  return (x + to - 1) / to * to;
}

/// The stride of a tile whose columns are read by the lanes of a warp: odd, so that they meet no bank twice.
__host__ __device__ inline int odd_stride(int width) {
  return width | 1;
}

}  // namespace alab::ALAB_BUILD_NAMESPACE
