// From 00_naive: the cache is cut into splits that run side by side, each with a softmax of its own; a second
// kernel merges them by their logsumexp. Eight lanes share a key, so that a row of k is read in one piece.
// Teaches: softmax parts merge exactly, so one query can fill the GPU; lanes along a row coalesce its loads.
// Limit: global memory bandwidth: the cache is read once and used for 2 flops per element.
// Source: Dao et al. 2023, "Flash-Decoding for long-context inference"; arXiv:1805.02867, equation 4.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/attention.cuh"
#include "kernels/decode_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;
constexpr int kLanesPerKey = 8;
constexpr int kKeysAtOnce = kThreads / kLanesPerKey;

struct CacheShape {
  int t, capacity, head_dim, head_dim_v, split_keys;
  float scale;
};

// Maximum or sum over the block, known to every thread afterwards.
template <class Combine>
__device__ float reduce_block(float x, float* per_warp, Combine combine) {
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, lanes));
  }
  if (threadIdx.x % 32 == 0) {
    per_warp[threadIdx.x / 32] = x;
  }
  __syncthreads();  // all warps have written
  x = per_warp[0];
  for (int w = 1; w < kWarps; ++w) {
    x = combine(x, per_warp[w]);
  }
  return x;
}

// One block per split and head: keys [first, end). part_o [H, splits, V] normalised, part_lse [H, splits];
// an empty split leaves 0 and -inf.
__global__ void __launch_bounds__(kThreads)
    split(const float* __restrict__ q, const float* __restrict__ k_cache, const float* __restrict__ v_cache,
          float* __restrict__ part_o, float* __restrict__ part_lse, CacheShape shape) {
  extern __shared__ float shared[];
  __shared__ float maxima[kWarps];
  __shared__ float sums[kWarps];
  float* p = shared;                         // [split_keys], scores, then weights
  float* q_row = p + shape.split_keys;       // [K], scale q
  float* per_warp = q_row + shape.head_dim;  // [kWarps, V], each warp's share of the output
  const int tid = threadIdx.x;
  const int warp = tid / 32;
  const size_t head = blockIdx.y;
  const int first = blockIdx.x * shape.split_keys;
  const int keys = max(0, min(shape.split_keys, shape.t - first));
  const float* k = k_cache + (head * shape.capacity + first) * shape.head_dim;
  const float* v = v_cache + (head * shape.capacity + first) * shape.head_dim_v;
  for (int c = tid; c < shape.head_dim; c += kThreads) {
    q_row[c] = shape.scale * q[head * shape.head_dim + c];
  }
  __syncthreads();  // the query is complete

  float row_max = -INFINITY;
#pragma unroll 2
  for (int base = 0; base < keys; base += kKeysAtOnce) {  // the same in all lanes: the shuffles need them
    const int j = base + tid / kLanesPerKey;
    float s = 0;
    for (int c = tid % kLanesPerKey; j < keys && c < shape.head_dim; c += kLanesPerKey) {
      s += q_row[c] * k[static_cast<size_t>(j) * shape.head_dim + c];
    }
#pragma unroll
    for (int bit = 1; bit < kLanesPerKey; bit *= 2) {
      s += __shfl_xor_sync(0xffffffffu, s, bit);
    }
    if (j < keys && tid % kLanesPerKey == 0) {
      p[j] = s;
    }
    row_max = j < keys ? fmaxf(row_max, s) : row_max;
  }
  row_max = reduce_block(row_max, maxima, [](float a, float b) { return fmaxf(a, b); });
  const float shift = exponent_shift(row_max);
  float sum = 0;
  for (int j = tid; j < keys; j += kThreads) {
    p[j] = expf(p[j] - shift);
    sum += p[j];
  }
  sum = reduce_block(sum, sums, [](float a, float b) { return a + b; });

  for (int col = tid % 32; col < shape.head_dim_v; col += 32) {
    float out = 0;
#pragma unroll 8
    for (int j = warp; j < keys; j += kWarps) {
      out += p[j] * v[static_cast<size_t>(j) * shape.head_dim_v + col];
    }
    per_warp[warp * shape.head_dim_v + col] = out;
  }
  __syncthreads();  // every warp's share is written
  const size_t part = head * gridDim.x + blockIdx.x;
  for (int col = tid; col < shape.head_dim_v; col += kThreads) {
    float out = 0;
    for (int w = 0; w < kWarps; ++w) {
      out += per_warp[w * shape.head_dim_v + col];
    }
    part_o[part * shape.head_dim_v + col] = sum > 0 ? out / sum : 0.0f;
  }
  if (tid == 0) {
    part_lse[part] = shift + logf(sum);  // log 0 = -inf
  }
}

// One block per head, thread per value column: o = sum_s e^{lse_s - lse} o_s.
__global__ void combine(const float* part_o, const float* part_lse, float* o, int splits, int dim) {
  const float* lse = part_lse + blockIdx.x * splits;
  float largest = -INFINITY;
  for (int s = 0; s < splits; ++s) {
    largest = fmaxf(largest, lse[s]);
  }
  for (int col = threadIdx.x; col < dim; col += blockDim.x) {
    float sum = 0;
    float out = 0;
    for (int s = 0; s < splits; ++s) {
      const float weight = expf(lse[s] - largest);
      sum += weight;
      out += weight * part_o[(static_cast<size_t>(blockIdx.x) * splits + s) * dim + col];
    }
    o[static_cast<size_t>(blockIdx.x) * dim + col] = out / sum;
  }
}

const Param kSplits =
    int_param("splits", "splits of the cache", "",
              "Blocks that share a head's keys; more than there are keys is allowed.", 16, 1, 256, true);
const Param* const kTiles[] = {&kSplits};

CacheShape shape_of(const DecodeProblem& p, int splits) {
  return {static_cast<int>(p.context),
          static_cast<int>(p.capacity),
          static_cast<int>(p.head_dim),
          static_cast<int>(p.head_dim_v),
          ceil_div(static_cast<int>(p.context), splits),
          static_cast<float>(p.scale)};
}

int shared_floats(const CacheShape& shape) {
  return shape.split_keys + shape.head_dim + kWarps * shape.head_dim_v;
}

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const DecodeProblem p = decode_problem(problem);
  const int splits = tiles.integer32(kSplits);
  const CacheShape shape = shape_of(p, splits);
  const auto heads = static_cast<unsigned>(p.heads);
  const auto parts = static_cast<std::size_t>(p.heads * splits);
  auto* part_o = static_cast<float*>(stream.scratch("part_o", parts * p.head_dim_v * sizeof(float)));
  auto* part_lse = static_cast<float*>(stream.scratch("part_lse", parts * sizeof(float)));
  launch(stream, split, dim3(splits, heads), dim3(kThreads), shared_floats(shape) * sizeof(float),
         buffers.f32("q"), buffers.f32("k_cache"), buffers.f32("v_cache"), part_o, part_lse, shape);
  launch(stream, combine, dim3(heads), dim3((shape.head_dim_v + 31) / 32 * 32), 0, part_o, part_lse,
         buffers.f32("o"), splits, shape.head_dim_v);
}

std::string unsupported(const ParamSet& problem, const ParamSet& tiles) {
  return shared_memory_limit(
      shared_floats(shape_of(decode_problem(problem), tiles.integer32(kSplits))) + 2 * kWarps,
      "context or raise splits");
}

// q once per split, the cache and o once, the parts written and read.
double modelled_accesses(const ParamSet& problem, const ParamSet& tiles) {
  const DecodeProblem p = decode_problem(problem);
  const double splits = tiles.real(kSplits);
  const auto K = static_cast<double>(p.head_dim);
  const auto V = static_cast<double>(p.head_dim_v);
  return static_cast<double>(p.heads) *
         (splits * K + static_cast<double>(p.context) * (K + V) + 2 * splits * (V + 1) + V);
}

const Rung kRung{
    .op = "decode_step_softmax",
    .id = "10_split",
    .title = "Splits of the cache, then a merge",
    .teaches = "Parts of the cache run side by side and merge by logsumexp; rows are read in one piece.",
    .limit = "Global memory bandwidth: 2 t d elements for every token, whatever is done with them.",
    .source = "Dao et al. 2023, Flash-Decoding; arXiv:1805.02867, equation 4",
    .tiles = kTiles,
    .unsupported = unsupported,
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
