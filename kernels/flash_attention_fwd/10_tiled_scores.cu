// From 00_naive: both products walk over tiles in shared memory, so an element fetched once serves a whole
// row or column of the block's results. The softmax between them is the same.
// Teaches: reuse. Fetches per multiply-add fall from 2 to 2 / tile.
// Limit: S and P still cross global memory, N^2 at a time, however fast the products are.
// Source: CUDA C++ Programming Guide, "Shared Memory"; Dao et al. 2022, arXiv:2205.14135, algorithm 0.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/attention.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kDepth = 64;     // summed per pair of tiles, between two barriers
constexpr int kThreads = 128;  // of the softmax, one block per row
constexpr int kWarps = kThreads / 32;

// S [H, T, Tk] = scale q k^T + mask, -inf where the query does not see the key.
template <int tile>
__global__ void scores(const float* q, const float* k, const float* mask, float* s, AttentionShape shape) {
  __shared__ float q_tile[tile][kDepth];      // [row, c]
  __shared__ float k_tile[tile][kDepth + 1];  // [key, c]; the odd stride keeps a column out of one bank
  const int x = threadIdx.x;
  const int y = threadIdx.y;
  const int key = blockIdx.x * tile + x;
  const int row = blockIdx.y * tile + y;
  const int key_to_load = blockIdx.x * tile + y;
  const size_t head = blockIdx.z;
  const float* q_row = q + (head * shape.seq_len + row) * shape.head_dim;
  const float* k_row = k + (head * shape.key_len + key_to_load) * shape.head_dim;
  float sum = 0;
  for (int first = 0; first < shape.head_dim; first += kDepth) {
    for (int c = x; c < kDepth; c += tile) {
      q_tile[y][c] = row < shape.seq_len && first + c < shape.head_dim ? q_row[first + c] : 0.0f;
      k_tile[y][c] = key_to_load < shape.key_len && first + c < shape.head_dim ? k_row[first + c] : 0.0f;
    }
    __syncthreads();  // both tiles are complete
#pragma unroll 16
    for (int c = 0; c < kDepth; ++c) {
      sum += q_tile[y][c] * k_tile[x][c];
    }
    __syncthreads();  // both tiles have been read and may be overwritten
  }
  if (row < shape.seq_len && key < shape.key_len) {
    s[(head * shape.seq_len + row) * shape.key_len + key] =
        shape.scale * sum + score_bias(mask, shape, row, key);
  }
}

// Maximum or sum over the block, known to every thread afterwards.
template <class Combine>
__device__ float reduce_block(float x, Combine combine) {
  __shared__ float per_warp[kWarps];
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, lanes));
  }
  __syncthreads();  // the previous reduction has been read
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

// P = softmax(S) in place, one row per block; the row is read once and kept in shared memory.
__global__ void softmax_rows(float* s, float* logsumexp, AttentionShape shape) {
  extern __shared__ float kept[];  // [Tk]
  const size_t row = static_cast<size_t>(blockIdx.y) * shape.seq_len + blockIdx.x;
  float* s_row = s + row * shape.key_len;
  float row_max = -INFINITY;
  for (int j = threadIdx.x; j < shape.key_len; j += kThreads) {
    kept[j] = s_row[j];
    row_max = fmaxf(row_max, kept[j]);
  }
  row_max = reduce_block(row_max, [](float a, float b) { return fmaxf(a, b); });
  const float shift = exponent_shift(row_max);
  float sum = 0;
  for (int j = threadIdx.x; j < shape.key_len; j += kThreads) {
    kept[j] = expf(kept[j] - shift);
    sum += kept[j];
  }
  sum = reduce_block(sum, [](float a, float b) { return a + b; });
  for (int j = threadIdx.x; j < shape.key_len; j += kThreads) {
    s_row[j] = sum > 0 ? kept[j] / sum : 0.0f;
  }
  if (threadIdx.x == 0) {
    logsumexp[row] = shift + logf(sum);  // log 0 = -inf: the row saw no key
  }
}

// O [H, T, V] = P v.
template <int tile>
__global__ void weighted_values(const float* p, const float* v, float* o, AttentionShape shape) {
  __shared__ float p_tile[tile][kDepth];  // [row, key]
  __shared__ float v_tile[kDepth][tile];  // [key, col]
  const int x = threadIdx.x;
  const int y = threadIdx.y;
  const int col = blockIdx.x * tile + x;
  const int row = blockIdx.y * tile + y;
  const size_t head = blockIdx.z;
  const float* p_row = p + (head * shape.seq_len + row) * shape.key_len;
  v += head * shape.key_len * shape.head_dim_v;
  float sum = 0;
  for (int first = 0; first < shape.key_len; first += kDepth) {
    for (int j = x; j < kDepth; j += tile) {
      p_tile[y][j] = row < shape.seq_len && first + j < shape.key_len ? p_row[first + j] : 0.0f;
    }
    for (int j = y; j < kDepth; j += tile) {
      v_tile[j][x] = first + j < shape.key_len && col < shape.head_dim_v
                         ? v[static_cast<size_t>(first + j) * shape.head_dim_v + col]
                         : 0.0f;
    }
    __syncthreads();  // both tiles are complete
#pragma unroll 16
    for (int j = 0; j < kDepth; ++j) {
      sum += p_tile[y][j] * v_tile[j][x];
    }
    __syncthreads();  // both tiles have been read and may be overwritten
  }
  if (row < shape.seq_len && col < shape.head_dim_v) {
    o[(head * shape.seq_len + row) * shape.head_dim_v + col] = sum;
  }
}

const Param kTile =
    int_param("tile", "tile side", "elements",
              "Rows and columns of a block's result; a block has tile x tile threads.", 16, 16, 32, true);
const Param* const kTiles[] = {&kTile};

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const AttentionProblem p = attention_problem(problem);
  const AttentionShape shape = shape_of(p);
  const int heads = static_cast<int>(p.heads);
  const auto score_count = static_cast<std::size_t>(p.heads * p.seq_len * p.key_len);
  auto* s = static_cast<float*>(stream.scratch("scores", score_count * sizeof(float)));
  const float* mask = p.masked ? buffers.f32("mask") : nullptr;
  with_constant<16, 32>(tiles.integer(kTile), [&](auto tile) {
    const int row_tiles = ceil_div(shape.seq_len, tile());
    launch(stream, scores<tile()>, dim3(ceil_div(shape.key_len, tile()), row_tiles, heads),
           dim3(tile(), tile()), 0, buffers.f32("q"), buffers.f32("k"), mask, s, shape);
    launch(stream, softmax_rows, dim3(shape.seq_len, heads), dim3(kThreads), shape.key_len * sizeof(float), s,
           buffers.f32("logsumexp"), shape);
    launch(stream, weighted_values<tile()>, dim3(ceil_div(shape.head_dim_v, tile()), row_tiles, heads),
           dim3(tile(), tile()), 0, s, buffers.f32("v"), buffers.f32("o"), shape);
  });
}

std::string unsupported(const ParamSet& problem, const ParamSet& tiles) {
  if (std::string why = built_sizes(tiles, kTile, {16, 32}); !why.empty()) {
    return why;
  }
  return shared_memory_limit(attention_problem(problem).key_len,
                             "key_len: the softmax keeps one row of scores there");
}

// Algorithm 0 does not see the tiles: what the products reuse had been served by the caches before.
double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const AttentionProblem p = attention_problem(problem);
  const auto T = static_cast<double>(p.seq_len);
  const auto Tk = static_cast<double>(p.key_len);
  const auto width = static_cast<double>(p.head_dim + p.head_dim_v);
  return static_cast<double>(p.heads) * (4 * T * Tk + (T + Tk) * width + T);
}

const Rung kRung{
    .op = "flash_attention_fwd",
    .id = "10_tiled_scores",
    .title = "Tiles in shared memory",
    .teaches = "Both products reuse each fetched element a tile's width times from shared memory.",
    .limit = "Global memory: S and P, N^2 elements each way, still leave and re-enter the chip.",
    .source = "CUDA C++ Programming Guide, section Shared Memory; arXiv:2205.14135, algorithm 0",
    .tiles = kTiles,
    .unsupported = unsupported,
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
