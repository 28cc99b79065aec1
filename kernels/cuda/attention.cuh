// Device side of the attention rungs: sizes as a kernel takes them, the causal limit, guarded loads.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/attention_problem.hpp"
#include "kernels/launch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {

/// One head's sizes. Heads are blockIdx.y (blockIdx.z where y counts tiles); tensors are [H, rows, dim].
struct AttentionShape {
  int seq_len, key_len, head_dim, head_dim_v;  // T, Tk, K, V
  float scale;                                 // softmax_scale
  bool causal;

  /// Keys that query row sees: j < visible_keys(row). Bottom-right aligned, in [0, key_len].
  __host__ __device__ int visible_keys(int row) const {
    const int end = row + 1 + key_len - seq_len;
    return !causal || end > key_len ? key_len : (end < 0 ? 0 : end);
  }
};

/// Additive term of a score: 0 without a mask, -inf for a key that the query does not see.
__device__ inline float score_bias(const float* mask, const AttentionShape& shape, int row, int key) {
  if (row >= shape.seq_len || key >= shape.visible_keys(row)) {
    return -INFINITY;
  }
  return mask == nullptr ? 0.0f : mask[static_cast<size_t>(row) * shape.key_len + key];
}

/// What is subtracted from scores under the exponential: the maximum, but 0 while no key was visible, so that
/// e^{-inf - max} is 0 and never the NaN of (-inf) - (-inf).
__device__ inline float exponent_shift(float row_max) {
  return row_max == -INFINITY ? 0.0f : row_max;
}

/// Elements [col, col + 4) of a row of `width` floats, zeros beyond its end. One 16-byte load when vector is
/// true, which asks for rows that start on 16 bytes: width % 4 == 0.
__device__ inline float4 load4(const float* row, int col, int width, bool vector) {
  if (vector && col < width) {
    return *reinterpret_cast<const float4*>(row + col);
  }
  return make_float4(col < width ? row[col] : 0.0f, col + 1 < width ? row[col + 1] : 0.0f,
                     col + 2 < width ? row[col + 2] : 0.0f, col + 3 < width ? row[col + 3] : 0.0f);
}

/// The counterpart of load4: nothing is written beyond the row's end.
__device__ inline void store4(float* row, int col, int width, bool vector, float4 x) {
  if (vector && col < width) {
    *reinterpret_cast<float4*>(row + col) = x;
    return;
  }
  const float values[4] = {x.x, x.y, x.z, x.w};
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    if (col + i < width) {
      row[col + i] = values[i];
    }
  }
}

__device__ inline float4 times(float a, float4 b) {
  return make_float4(a * b.x, a * b.y, a * b.z, a * b.w);
}

__device__ inline void add_scaled(float4& sum, float a, float4 b) {
  sum.x += a * b.x;
  sum.y += a * b.y;
  sum.z += a * b.z;
  sum.w += a * b.w;
}

/// Rows of a [*, dim] array, times factor, to a tile [rows, depth] of its own stride; 0 outside valid rows
/// and dim.
template <int threads, int rows, int depth>
__device__ void load_rows(float* tile, int stride, const float* from, int valid, int dim, float factor) {
#pragma unroll 4
  for (int e = threadIdx.x; e < rows * depth / 4; e += threads) {
    const int r = e / (depth / 4);
    const int c = e % (depth / 4) * 4;
    const float4 x = r < valid ? load4(from + static_cast<size_t>(r) * dim, c, dim, dim % 4 == 0) : float4{};
    *reinterpret_cast<float4*>(tile + r * stride + c) = times(factor, x);
  }
}

/// The same to a tile [depth, rows], without a factor. Pairs of lanes take 32 bytes of one row, a warp takes
/// 16 rows: no two lanes of a transposed store then meet in a bank.
template <int threads, int rows, int depth>
__device__ void load_transposed(float* tile, int stride, const float* from, int valid, int dim) {
#pragma unroll 4
  for (int e = threadIdx.x; e < rows * depth / 4; e += threads) {
    const int r = e / 2 % rows;
    const int c = (e / (2 * rows) * 2 + e % 2) * 4;
    const float4 x = r < valid ? load4(from + static_cast<size_t>(r) * dim, c, dim, dim % 4 == 0) : float4{};
    tile[c * stride + r] = x.x;
    tile[(c + 1) * stride + r] = x.y;
    tile[(c + 2) * stride + r] = x.z;
    tile[(c + 3) * stride + r] = x.w;
  }
}

inline AttentionShape shape_of(const AttentionProblem& p) {
  return {static_cast<int>(p.seq_len),    static_cast<int>(p.key_len), static_cast<int>(p.head_dim),
          static_cast<int>(p.head_dim_v), static_cast<float>(p.scale), p.causal};
}

/// Calls use(integral_constant) with the first of the ascending values that is not below wanted, or else the
/// last.
template <int value, int... larger, class Use>
void with_constant(std::int64_t wanted, Use use) {
  if constexpr (sizeof...(larger) > 0) {
    if (wanted > value) {
      with_constant<larger...>(wanted, use);
      return;
    }
  }
  use(std::integral_constant<int, value>{});
}

inline int ceil_div(int a, int b) {
  return (a + b - 1) / b;
}

}  // namespace alab::ALAB_BUILD_NAMESPACE
