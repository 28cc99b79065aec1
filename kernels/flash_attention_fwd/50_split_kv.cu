// From 40_register_tiled: with one or a few queries there are too few query tiles to fill a GPU, so the
// keys are cut into splits that run side by side; a second kernel merges the parts by their logsumexp.
// Teaches: softmax parts form a monoid: the sum over keys may be cut anywhere. No barrier in the key loop.
// Limit: global memory. Each key and value is read once, and 2 flops per float and query cannot hide that.
// Source: Dao, Haziza, Massa, Sizov 2023, "Flash-Decoding for long-context inference"; arXiv:1805.02867,
// equation 4.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/attention.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / 32;
constexpr int kLanesPerKey = 8;                   // 8 lanes x float4 read 128 bytes of a key at once
constexpr int kGroups = kThreads / kLanesPerKey;  // keys in flight per block
constexpr int kCombineThreads = 128;              // one per output column, head_dim_v <= 128

__device__ float dot(float4 a, float4 b) {
  return a.x * b.x + a.y * b.y + (a.z * b.z + a.w * b.w);
}

__device__ float4 scaled_sum(float a, float4 x, float b, float4 y) {
  return make_float4(a * x.x + b * y.x, a * x.y + b * y.y, a * x.z + b * y.z, a * x.w + b * y.w);
}

__device__ float4 shuffle_xor(float4 x, int bit) {
  return make_float4(__shfl_xor_sync(0xffffffffu, x.x, bit), __shfl_xor_sync(0xffffffffu, x.y, bit),
                     __shfl_xor_sync(0xffffffffu, x.z, bit), __shfl_xor_sync(0xffffffffu, x.w, bit));
}

// One block per split, `rows` queries and head. Lane group g of a block takes the keys first + g, + 16 g,
// ...; a lane holds the columns 4 lane + 32 n. part_o [H, T, splits, V] normalised, part_lse [H, T, splits].
template <int depth, int rows>
__global__ void __launch_bounds__(kThreads)
    split_attention(const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,
                    const float* __restrict__ mask, float* __restrict__ part_o, float* __restrict__ part_lse,
                    AttentionShape shape) {
  static_assert(depth % (4 * kLanesPerKey) == 0, "8 lanes x float4 cover 32 columns");
  constexpr int kVecs = depth / (4 * kLanesPerKey);
  __shared__ float4 merged[kWarps][rows][depth / 4];  // each warp's un-normalised output
  __shared__ float merged_m[kWarps][rows];
  __shared__ float merged_l[kWarps][rows];
  const int warp = threadIdx.x / 32;
  const int col = threadIdx.x % kLanesPerKey * 4;
  const int first_row = blockIdx.y * rows;
  const int splits = gridDim.x;
  const int split_keys = (shape.key_len + splits - 1) / splits;
  const int first_key = blockIdx.x * split_keys;
  const int end_key =
      min(first_key + split_keys, shape.visible_keys(min(first_row + rows, shape.seq_len) - 1));
  const size_t head = blockIdx.z;
  const bool vector_k = shape.head_dim % 4 == 0;
  const bool vector_v = shape.head_dim_v % 4 == 0;
  k += head * shape.key_len * shape.head_dim;
  v += head * shape.key_len * shape.head_dim_v;

  float4 q_part[rows][kVecs];
  float4 out[rows][kVecs] = {};  // this lane group's un-normalised output
  float m[rows];
  float l[rows];
#pragma unroll
  for (int r = 0; r < rows; ++r) {
    m[r] = -INFINITY;
    l[r] = 0;
    const int row =
        min(first_row + r, shape.seq_len - 1);  // a row beyond the end repeats the last, unwritten
    const float* q_row = q + (head * shape.seq_len + row) * shape.head_dim;
#pragma unroll
    for (int n = 0; n < kVecs; ++n) {
      q_part[r][n] = load4(q_row, col + 32 * n, shape.head_dim, vector_k);
    }
  }

#pragma unroll 2
  for (int base = first_key + warp * (32 / kLanesPerKey); base < end_key;
       base += kGroups) {  // the same in a warp
    const int key = base + threadIdx.x % 32 / kLanesPerKey;
    const int loaded = min(key, end_key - 1);
    float4 k_part[kVecs];
    float4 v_part[kVecs];
#pragma unroll
    for (int n = 0; n < kVecs; ++n) {
      k_part[n] =
          load4(k + static_cast<size_t>(loaded) * shape.head_dim, col + 32 * n, shape.head_dim, vector_k);
      v_part[n] =
          load4(v + static_cast<size_t>(loaded) * shape.head_dim_v, col + 32 * n, shape.head_dim_v, vector_v);
    }
#pragma unroll
    for (int r = 0; r < rows; ++r) {
      float s = 0;
#pragma unroll
      for (int n = 0; n < kVecs; ++n) {
        s += dot(q_part[r][n], k_part[n]);
      }
#pragma unroll
      for (int bit = 1; bit < kLanesPerKey; bit *= 2) {
        s += __shfl_xor_sync(0xffffffffu, s, bit);
      }
      s = shape.scale * s + (key < end_key ? score_bias(mask, shape, first_row + r, key) : -INFINITY);
      const float m_new = fmaxf(m[r], s);
      const float shift = exponent_shift(m_new);
      const float keep_old = expf(m[r] - shift);
      const float p = expf(s - shift);
      m[r] = m_new;
      l[r] = keep_old * l[r] + p;
#pragma unroll
      for (int n = 0; n < kVecs; ++n) {
        out[r][n] = scaled_sum(keep_old, out[r][n], p, v_part[n]);
      }
    }
  }

  // [snippet merge]
  // The 4 lane groups of a warp, then the warps: (m, l, out) merge as (m, d) of the online softmax do.
#pragma unroll
  for (int r = 0; r < rows; ++r) {
#pragma unroll
    for (int bit = kLanesPerKey; bit < 32; bit *= 2) {
      const float other_m = __shfl_xor_sync(0xffffffffu, m[r], bit);
      const float other_l = __shfl_xor_sync(0xffffffffu, l[r], bit);
      const float m_new = fmaxf(m[r], other_m);
      const float mine = expf(m[r] - exponent_shift(m_new));
      const float theirs = expf(other_m - exponent_shift(m_new));
      m[r] = m_new;
      l[r] = mine * l[r] + theirs * other_l;
#pragma unroll
      for (int n = 0; n < kVecs; ++n) {
        out[r][n] = scaled_sum(mine, out[r][n], theirs, shuffle_xor(out[r][n], bit));
      }
    }
    if (threadIdx.x % 32 < kLanesPerKey) {
      merged_m[warp][r] = m[r];
      merged_l[warp][r] = l[r];
#pragma unroll
      for (int n = 0; n < kVecs; ++n) {
        merged[warp][r][col / 4 + 8 * n] = out[r][n];
      }
    }
  }
  // [/snippet]
  __syncthreads();  // every warp's part is in shared memory

  for (int r = warp; r < rows && first_row + r < shape.seq_len; r += kWarps) {
    float row_max = -INFINITY;
    for (int w = 0; w < kWarps; ++w) {
      row_max = fmaxf(row_max, merged_m[w][r]);
    }
    const float shift = exponent_shift(row_max);
    float factor[kWarps];
    float sum = 0;
    for (int w = 0; w < kWarps; ++w) {
      factor[w] = expf(merged_m[w][r] - shift);
      sum += factor[w] * merged_l[w][r];
    }
    const size_t part = (head * shape.seq_len + first_row + r) * splits + blockIdx.x;
    for (int c = threadIdx.x % 32 * 4; c < shape.head_dim_v; c += 128) {
      float4 total = make_float4(0, 0, 0, 0);
      for (int w = 0; w < kWarps; ++w) {
        total = scaled_sum(1.0f, total, sum > 0 ? factor[w] / sum : 0.0f, merged[w][r][c / 4]);
      }
      store4(part_o + part * shape.head_dim_v, c, shape.head_dim_v, vector_v, total);
    }
    if (threadIdx.x % 32 == 0) {
      part_lse[part] = shift + logf(sum);  // -inf for an empty split
    }
  }
}

// One block per row and head: o = sum_s e^{lse_s - lse} o_s.
__global__ void combine_splits(const float* part_o, const float* part_lse, float* o, float* logsumexp,
                               int splits, int dim) {
  const size_t row = static_cast<size_t>(blockIdx.y) * gridDim.x + blockIdx.x;
  const float* lse = part_lse + row * splits;  // [splits]
  float row_max = -INFINITY;
  for (int s = 0; s < splits; ++s) {
    row_max = fmaxf(row_max, lse[s]);
  }
  const float shift = exponent_shift(row_max);
  float sum = 0;
  float total = 0;
  const int c = threadIdx.x;
  for (int s = 0; s < splits; ++s) {
    const float weight = expf(lse[s] - shift);
    sum += weight;
    total += c < dim ? weight * part_o[(row * splits + s) * dim + c] : 0.0f;
  }
  if (c < dim) {
    o[row * dim + c] = sum > 0 ? total / sum : 0.0f;
  }
  if (c == 0) {
    logsumexp[row] = shift + logf(sum);
  }
}

const Param kSplits =
    int_param("splits", "splits of the keys", "",
              "Blocks that share one query's keys; more than key_len is allowed.", 8, 1, 256, true);
const Param* const kTiles[] = {&kSplits};

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const AttentionProblem p = attention_problem(problem);
  const AttentionShape shape = shape_of(p);
  const int splits = tiles.integer32(kSplits);
  const auto heads = static_cast<unsigned>(p.heads);
  const auto parts = static_cast<std::size_t>(p.heads * p.seq_len * splits);
  auto* part_o = static_cast<float*>(stream.scratch("part_o", parts * p.head_dim_v * sizeof(float)));
  auto* part_lse = static_cast<float*>(stream.scratch("part_lse", parts * sizeof(float)));
  const float* mask = p.masked ? buffers.f32("mask") : nullptr;
  with_constant<64, 128>(std::max(p.head_dim, p.head_dim_v), [&](auto depth) {
    with_constant<1, 4>(p.seq_len, [&](auto rows) {
      launch(stream, split_attention<depth(), rows()>, dim3(splits, ceil_div(shape.seq_len, rows()), heads),
             dim3(kThreads), 0, buffers.f32("q"), buffers.f32("k"), buffers.f32("v"), mask, part_o, part_lse,
             shape);
    });
  });
  launch(stream, combine_splits, dim3(shape.seq_len, heads), dim3(kCombineThreads), 0, part_o, part_lse,
         buffers.f32("o"), buffers.f32("logsumexp"), splits, shape.head_dim_v);
}

// q once per split, keys and values once per block of queries, parts written and read, O and logsumexp once.
double modelled_accesses(const ParamSet& problem, const ParamSet& tiles) {
  const AttentionProblem p = attention_problem(problem);
  const auto T = static_cast<double>(p.seq_len);
  const auto K = static_cast<double>(p.head_dim);
  const auto V = static_cast<double>(p.head_dim_v);
  const double splits = tiles.real(kSplits);
  const auto keys = static_cast<double>(keys_read_per_head(p, p.seq_len == 1 ? 1 : 4, 1));
  return static_cast<double>(p.heads) *
         (splits * T * K + keys * (K + V) + 2 * splits * T * (V + 1) + T * (V + 1));
}

const Rung kRung{
    .op = "flash_attention_fwd",
    .id = "50_split_kv",
    .title = "Split keys, then combine",
    .teaches = "Few queries: the keys are cut into splits that run in parallel and merge by logsumexp.",
    .limit = "Global memory bandwidth: each key and value is read once and used for a few flops.",
    .source = "Dao et al. 2023, Flash-Decoding; Milakov, Gimelshein 2018, arXiv:1805.02867, equation 4",
    .tiles = kTiles,
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
