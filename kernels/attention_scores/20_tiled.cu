// From 10_coalesced: a block walks over d in tiles of q and k in shared memory. An element fetched once
// serves a whole row or column of its scores. Teaches: reuse: global loads fall from 2 N^2 d to 2 N d ceil(N
// / tile). Two barriers per pair of tiles. Limit: shared memory banks. The lanes of a warp read k_tile a
// whole row apart: with 32 floats per row all of them meet in one bank, and a read takes 32 turns: more than
// the reuse has saved. Source: CUDA C++ Programming Guide, "Shared Memory". SPDX-License-Identifier: MIT
#include "kernels/cuda/attention.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

// s [H, T, Tk] = scale q k^T, a block makes tile x tile scores.
template <int tile>
__global__ void scores(const float* q, const float* k, float* s, AttentionShape shape) {
  __shared__ float q_tile[tile][tile];  // [row, c]
  __shared__ float k_tile[tile][tile];  // [key, c]
  const int x = threadIdx.x;
  const int y = threadIdx.y;
  const int key = blockIdx.x * tile + x;
  const int row = blockIdx.y * tile + y;
  const int key_to_load = blockIdx.x * tile + y;
  const size_t head = blockIdx.z;
  const float* q_row = q + (head * shape.seq_len + row) * shape.head_dim;
  const float* k_row = k + (head * shape.key_len + key_to_load) * shape.head_dim;
  float sum = 0;
  for (int first = 0; first < shape.head_dim; first += tile) {
    const bool column = first + x < shape.head_dim;
    q_tile[y][x] = column && row < shape.seq_len ? q_row[first + x] : 0.0f;
    k_tile[y][x] = column && key_to_load < shape.key_len ? k_row[first + x] : 0.0f;
    __syncthreads();  // both tiles are complete
#pragma unroll
    for (int c = 0; c < tile; ++c) {
      sum += q_tile[y][c] * k_tile[x][c];  // lanes differ in x: a column of k_tile
    }
    __syncthreads();  // both tiles have been read and may be overwritten
  }
  if (row < shape.seq_len && key < shape.key_len) {
    s[(head * shape.seq_len + row) * shape.key_len + key] = shape.scale * sum;
  }
}

const Param kTile = int_param("tile", "tile side", "elements",
                              "Rows and columns of a block's result, and of both operands' tiles: 16 or 32.",
                              32, 16, 32, true);
const Param* const kTiles[] = {&kTile};

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const AttentionProblem p = attention_problem(problem);
  const AttentionShape shape = shape_of(p);
  with_constant<16, 32>(tiles.integer(kTile), [&](auto tile) {
    launch(stream, scores<tile()>,
           dim3(ceil_div(shape.key_len, tile()), ceil_div(shape.seq_len, tile()),
                static_cast<unsigned>(p.heads)),
           dim3(tile(), tile()), 0, buffers.f32("q"), buffers.f32("k"), buffers.f32("s"), shape);
  });
}

std::string unsupported(const ParamSet&, const ParamSet& tiles) {
  return built_sizes(tiles, kTile, {16, 32});
}

// q once per tile of keys, k once per tile of queries: 2 N d ceil(N / tile), and N^2 stores.
double modelled_accesses(const ParamSet& problem, const ParamSet& tiles) {
  const AttentionProblem p = attention_problem(problem);
  const int tile = tiles.integer32(kTile);
  const auto T = static_cast<double>(p.seq_len);
  const auto Tk = static_cast<double>(p.key_len);
  const double loads = static_cast<double>(p.head_dim) * (T * ceil_div(static_cast<int>(p.key_len), tile) +
                                                          Tk * ceil_div(static_cast<int>(p.seq_len), tile));
  return static_cast<double>(p.heads) * (loads + T * Tk);
}

const Rung kRung{
    .op = "attention_scores",
    .id = "20_tiled",
    .title = "Tiles in shared memory",
    .teaches = "An element fetched once serves a row or column of the block: 2 N d ceil(N/tile) loads.",
    .limit = "Shared memory banks: a column of a 32-wide tile sits in one bank, 32 turns per read.",
    .source = "CUDA C++ Programming Guide, section Shared Memory",
    .tiles = kTiles,
    .unsupported = unsupported,
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
