// From 20_fused_chunk: the sequence is cut into segments that run side by side. A first kernel sums phi(k)^T
// v over each segment, and a block of the second starts from the sums before its own. Products use float4.
// Teaches: states at a few cuts are enough to fill the GPU: 6 N d accesses, and a tenth of the shared loads.
// Limit: fp32 multiply-adds without tensor cores, at 16 warps per SM.
// Source: Yang et al. 2024, arXiv:2312.06635, section 3.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/linear.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;
constexpr int kChunk = 64;

// depth: head_dim rounded up to 32, 64 or 128. Strides keep what a quarter warp touches in different banks.
template <int depth, int block_v>
struct Plan {
  static constexpr int kQStride = depth + 4;
  static constexpr int kKStride = kChunk + 4;
  static constexpr int kAStride = kChunk + 16;
  static constexpr int kBlocksPerSm = depth > 64 ? 1 : 2;  // as many as shared memory allows; sets registers
  static constexpr int kSumFloats = depth * kKStride + kChunk * block_v;
  static constexpr int kSharedFloats =
      kSumFloats + kChunk * (kQStride + kAStride + 1) + depth * (block_v + 1);
};

// s [depth, block_v] += k^T v of a chunk, z [depth] += the sum of its keys.
template <int depth, int block_v>
__device__ void add_chunk(float* s, float* z, const float* k_tile, const float* v_tile) {
  using P = Plan<depth, block_v>;
  for_warp_tiles<kThreads>(depth, block_v, [&](int c, int col) {
    float4 sum[4] = {};
    add_tile_product(sum, k_tile + c * P::kKStride, P::kKStride, v_tile + col, block_v, kChunk);
#pragma unroll
    for (int n = 0; n < 4; ++n) {
      add_scaled(*reinterpret_cast<float4*>(s + (c + 4 * n) * block_v + col), 1.0f, sum[n]);
    }
  });
  for (int c = threadIdx.x / 32; c < depth; c += kWarps) {
    const float sum = warp_dot(Matrix{k_tile, P::kKStride, 1}, c, nullptr, kChunk);
    if (threadIdx.x % 32 == 0) {
      z[c] += sum;
    }
  }
}

// One block per segment, tile of value columns and head. part_s [H, segments, tiles, depth, block_v], part_z
// [H, segments, depth]: sums over the tokens of the segment alone.
template <int depth, int block_v>
__global__ void __launch_bounds__(kThreads, Plan<depth, block_v>::kBlocksPerSm)
    segment_sums(const float* __restrict__ k, const float* __restrict__ v, float* __restrict__ part_s,
                 float* __restrict__ part_z, LinearShape shape, int segment) {
  using P = Plan<depth, block_v>;
  extern __shared__ float4 shared[];
  float* k_tile = reinterpret_cast<float*>(shared);  // [depth, C]
  float* v_tile = k_tile + depth * P::kKStride;      // [C, block_v]
  float* s = v_tile + kChunk * block_v;              // [depth, block_v]
  float* z = s + depth * block_v;                    // [depth]
  for (int e = threadIdx.x; e < depth * (block_v + 1); e += kThreads) {
    s[e] = 0;
  }
  const size_t head = blockIdx.z;
  const int begin = blockIdx.x * segment;
  const int end = min(begin + segment, shape.seq_len);
  for (int done = begin; done < end; done += kChunk) {
    const size_t first = head * shape.seq_len + done;
    __syncthreads();  // the tiles of the previous chunk have been used
    load_features_transposed<kThreads, kChunk, depth>(k_tile, P::kKStride, k + first * shape.head_dim,
                                                      end - done, shape.head_dim, shape.elu1);
    load_columns<kThreads, kChunk, block_v>(v_tile, block_v, v + first * shape.head_dim_v, end - done,
                                            blockIdx.y * block_v, shape.head_dim_v, false, 1.0f);
    __syncthreads();  // the tiles are complete
    add_chunk<depth, block_v>(s, z, k_tile, v_tile);
  }
  __syncthreads();  // the sums are complete
  const size_t part = head * gridDim.x + blockIdx.x;
  float* to = part_s + (part * gridDim.y + blockIdx.y) * depth * block_v;
  for (int e = threadIdx.x; e < depth * block_v; e += kThreads) {
    to[e] = s[e];
  }
  for (int c = threadIdx.x; blockIdx.y == 0 && c < depth; c += kThreads) {
    part_z[part * depth + c] = z[c];
  }
}

// S0 and the sums of the segments before this one.
template <int depth, int block_v>
__device__ void first_state(float* s, float* z, const float* part_s, const float* part_z, StateArrays state,
                            const LinearShape& shape) {
  const size_t head = blockIdx.z;
  for (int e = threadIdx.x; e < depth * block_v; e += kThreads) {
    const int c = e / block_v;
    const int col = blockIdx.y * block_v + e % block_v;
    const bool inside = state.s0 != nullptr && c < shape.head_dim && col < shape.head_dim_v;
    float sum = inside ? state.s0[(head * shape.head_dim + c) * shape.head_dim_v + col] : 0.0f;
    for (unsigned i = 0; i < blockIdx.x; ++i) {
      sum += part_s[((head * gridDim.x + i) * gridDim.y + blockIdx.y) * depth * block_v + e];
    }
    s[e] = sum;
  }
  for (int c = threadIdx.x; c < depth; c += kThreads) {
    float sum = state.z0 != nullptr && c < shape.head_dim ? state.z0[head * shape.head_dim + c] : 0.0f;
    for (unsigned i = 0; i < blockIdx.x; ++i) {
      sum += part_z[(head * gridDim.x + i) * depth + c];
    }
    z[c] = sum;
  }
}

// One block per segment, tile of value columns and head: 20_fused_chunk over its own tokens. o [H, T, V].
template <int depth, int block_v>
__global__ void __launch_bounds__(kThreads, Plan<depth, block_v>::kBlocksPerSm)
    segment_outputs(const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,
                    const float* __restrict__ part_s, const float* __restrict__ part_z, float* __restrict__ o,
                    StateArrays state, LinearShape shape, int segment) {
  using P = Plan<depth, block_v>;
  extern __shared__ float4 shared[];
  float* k_tile = reinterpret_cast<float*>(shared);  // [depth, C], phi(k) transposed
  float* v_tile = k_tile + depth * P::kKStride;      // [C, block_v]
  float* q_tile = v_tile + kChunk * block_v;         // [C, depth], scale phi(q)
  float* a = q_tile + kChunk * P::kQStride;          // [C, C]
  float* s = a + kChunk * P::kAStride;               // [depth, block_v]
  float* z = s + depth * block_v;                    // [depth]
  float* denominator = z + depth;                    // [C]
  const size_t head = blockIdx.z;
  const int first_col = blockIdx.y * block_v;
  const int begin = blockIdx.x * segment;
  const int end = min(begin + segment, shape.seq_len);
  first_state<depth, block_v>(s, z, part_s, part_z, state, shape);

  for (int done = begin; done < end; done += kChunk) {
    const size_t first = head * shape.seq_len + done;
    const int valid = min(kChunk, end - done);
    __syncthreads();  // the tiles of the previous chunk have been used, the state is updated
    load_features_transposed<kThreads, kChunk, depth>(k_tile, P::kKStride, k + first * shape.head_dim, valid,
                                                      shape.head_dim, shape.elu1);
    load_columns<kThreads, kChunk, block_v>(v_tile, block_v, v + first * shape.head_dim_v, valid, first_col,
                                            shape.head_dim_v, false, 1.0f);
    load_columns<kThreads, kChunk, depth>(q_tile, P::kQStride, q + first * shape.head_dim, valid, 0,
                                          shape.head_dim, shape.elu1, shape.scale);
    __syncthreads();  // the tiles are complete

    for_warp_tiles<kThreads>(kChunk, kChunk, [&](int r, int j) {
      float4 sum[4] = {};
      if (j / kTileCols * kTileCols < r / kTileRows * kTileRows + kTileRows) {  // not all above the diagonal
        add_tile_product(sum, q_tile + r * P::kQStride, P::kQStride, k_tile + j, P::kKStride, depth);
      }
#pragma unroll
      for (int n = 0; n < 4; ++n) {
        const int i = r + 4 * n;
        *reinterpret_cast<float4*>(a + i * P::kAStride + j) =
            make_float4(j <= i ? sum[n].x : 0.0f, j + 1 <= i ? sum[n].y : 0.0f, j + 2 <= i ? sum[n].z : 0.0f,
                        j + 3 <= i ? sum[n].w : 0.0f);
      }
    });
    __syncthreads();  // the masked scores are written

    for (int r = threadIdx.x / 32; shape.normalize && r < valid; r += kWarps) {
      denominator[r] = warp_dot(Matrix{q_tile, P::kQStride, 1}, r, z, depth) +
                       warp_dot(Matrix{a, P::kAStride, 1}, r, nullptr, r + 1);
    }
    __syncthreads();  // the denominators are written, and z is free
    for_warp_tiles<kThreads>(kChunk, block_v, [&](int r, int col) {
      float4 sum[4] = {};
      add_tile_product(sum, q_tile + r * P::kQStride, P::kQStride, s + col, block_v, depth);
      add_tile_product(sum, a + r * P::kAStride, P::kAStride, v_tile + col, block_v,
                       r / kTileRows * kTileRows + kTileRows);
#pragma unroll
      for (int n = 0; n < 4; ++n) {
        if (r + 4 * n < valid) {
          store4(o + (first + r + 4 * n) * shape.head_dim_v, first_col + col, shape.head_dim_v,
                 shape.head_dim_v % 4 == 0,
                 times(shape.normalize ? 1.0f / denominator[r + 4 * n] : 1.0f, sum[n]));
        }
      }
    });
    __syncthreads();  // the outputs have read the state before the chunk
    add_chunk<depth, block_v>(s, z, k_tile, v_tile);
  }
  __syncthreads();  // the last state is complete
  if (state.s != nullptr && end == shape.seq_len) {
    for (int e = threadIdx.x; e < depth * block_v; e += kThreads) {
      const int c = e / block_v;
      const int col = first_col + e % block_v;
      if (c < shape.head_dim && col < shape.head_dim_v) {
        state.s[(head * shape.head_dim + c) * shape.head_dim_v + col] = s[e];
      }
    }
    for (int c = threadIdx.x; blockIdx.y == 0 && c < shape.head_dim; c += kThreads) {
      state.z[head * shape.head_dim + c] = z[c];
    }
  }
}

const Param kSegments =
    int_param("segments", "segments", "",
              "Runs of tokens that are worked on side by side; rounded to whole chunks.", 8, 1, 64, true);
const Param* const kTiles[] = {&kSegments};

// Tokens per segment: whole chunks.
int segment_tokens(const LinearProblem& p, const ParamSet& tiles) {
  return round_up(ceil_div(static_cast<int>(p.seq_len), tiles.integer32(kSegments)), kChunk);
}

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const LinearProblem p = linear_problem(problem);
  const LinearShape shape = shape_of(p);
  const int segment = segment_tokens(p, tiles);
  const int segments = ceil_div(shape.seq_len, segment);
  const std::size_t parts = static_cast<std::size_t>(p.heads) * segments;
  with_constant<32, 64, 128>(p.head_dim, [&](auto depth) {
    with_constant<32, 64>(p.head_dim_v, [&](auto block_v) {
      constexpr int kDepth = depth();
      constexpr int kBlockV = block_v();
      using P = Plan<kDepth, kBlockV>;
      const int col_tiles = ceil_div(shape.head_dim_v, kBlockV);
      const dim3 grid(segments, col_tiles, static_cast<unsigned>(p.heads));
      auto* part_s =
          static_cast<float*>(stream.scratch("part_s", parts * col_tiles * kDepth * kBlockV * sizeof(float)));
      auto* part_z = static_cast<float*>(stream.scratch("part_z", parts * kDepth * sizeof(float)));
      launch(stream, segment_sums<kDepth, kBlockV>, grid, dim3(kThreads),
             (P::kSumFloats + kDepth * (kBlockV + 1)) * sizeof(float), buffers.f32("k"), buffers.f32("v"),
             part_s, part_z, shape, segment);
      launch(stream, segment_outputs<kDepth, kBlockV>, grid, dim3(kThreads), P::kSharedFloats * sizeof(float),
             buffers.f32("q"), buffers.f32("k"), buffers.f32("v"), part_s, part_z, buffers.f32("o"),
             state_arrays(p, buffers, true), shape, segment);
    });
  });
}

// q, o once, k, v twice (q, k once per 64 value columns), and a state per segment, read by every later one.
double modelled_accesses(const ParamSet& problem, const ParamSet& tiles) {
  const LinearProblem p = linear_problem(problem);
  const double col_tiles = ceil_div(static_cast<int>(p.head_dim_v), 64);
  const double segments = ceil_div(static_cast<int>(p.seq_len), segment_tokens(p, tiles));
  const double one_state = p.state_size() + static_cast<double>(p.heads * p.head_dim);
  return p.tokens() *
             (3 * col_tiles * static_cast<double>(p.head_dim) + 3 * static_cast<double>(p.head_dim_v)) +
         one_state * (segments + segments * (segments - 1) / 2) + p.passed_states();
}

const Rung kRung{.op = "causal_linear",
                 .id = "30_split_sequence",
                 .title = "Segments side by side, register tiles",
                 .teaches = "States at a few cuts only: the walks run in parallel and k, v are read twice.",
                 .limit = "fp32 multiply-adds: no tensor cores; shared memory allows 16 warps per SM.",
                 .source = "Yang et al. 2024, arXiv:2312.06635, section 3, between its two forms",
                 .tiles = kTiles,
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
