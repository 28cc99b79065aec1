// From 00_recurrent: tokens come in chunks of C. A first kernel walks over the chunks and writes the state
// before each of them to memory; then all chunks of all heads run in parallel, each from its own state.
// Teaches: within a chunk the recurrence is a masked matrix product, and states buy parallelism over N.
// Limit: N/C states of d^2 travel both ways, and every multiply-add loads 1.25 operands from shared memory.
// Source: Yang et al. 2024, arXiv:2312.06635, algorithm 1 (FlashLinearAttention, materialised).
// SPDX-License-Identifier: MIT
#include "kernels/cuda/chunk_states.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;

int output_floats(const LinearShape& shape, int chunk) {
  return chunk * (2 * odd_stride(shape.head_dim) + shape.head_dim_v + chunk + 1 + 1) +
         shape.head_dim * (shape.head_dim_v + 1);
}

// One block per chunk and head. o [H, T, V] = phi(q) S + (phi(q) phi(k)^T * M) v, divided by its weights.
__global__ void __launch_bounds__(kThreads)
    chunk_outputs(const float* q, const float* k, const float* v, const float* chunk_s, const float* chunk_z,
                  float* o, LinearShape shape, int chunk) {
  extern __shared__ float shared[];
  const int stride = odd_stride(shape.head_dim);
  const int a_stride = chunk + 1;
  float* q_tile = shared;                            // [C, K]
  float* k_tile = q_tile + chunk * stride;           // [C, K]
  float* v_tile = k_tile + chunk * stride;           // [C, V]
  float* a = v_tile + chunk * shape.head_dim_v;      // [C, C]
  float* s = a + chunk * a_stride;                   // [K, V]
  float* z = s + shape.head_dim * shape.head_dim_v;  // [K]
  float* denominator = z + shape.head_dim;           // [C]
  const int tid = threadIdx.x;
  const size_t head = blockIdx.y;
  const size_t at = head * gridDim.x + blockIdx.x;
  const size_t first = head * shape.seq_len + blockIdx.x * chunk;
  const int valid = min(chunk, shape.seq_len - static_cast<int>(blockIdx.x) * chunk);
  load_features<kThreads>(q_tile, stride, q + first * shape.head_dim, chunk, valid, shape.head_dim, 0,
                          shape.head_dim, shape.elu1, shape.scale);
  load_features<kThreads>(k_tile, stride, k + first * shape.head_dim, chunk, valid, shape.head_dim, 0,
                          shape.head_dim, shape.elu1, 1.0f);
  load_features<kThreads>(v_tile, shape.head_dim_v, v + first * shape.head_dim_v, chunk, valid,
                          shape.head_dim_v, 0, shape.head_dim_v, false, 1.0f);
  for (int e = tid; e < shape.head_dim * shape.head_dim_v; e += kThreads) {
    s[e] = chunk_s[at * shape.head_dim * shape.head_dim_v + e];
  }
  for (int c = tid; shape.normalize && c < shape.head_dim; c += kThreads) {
    z[c] = chunk_z[at * shape.head_dim + c];
  }
  __syncthreads();  // the tiles and the state are complete

  const Matrix q_rows{q_tile, stride, 1};
  for_row_groups<kThreads>(chunk, chunk, [&](int r, int j) {
    float sum[kRowsPerThread] = {};
    if (j / 32 * 32 < r + kRowsPerThread) {  // some lane of the warp is on or below the diagonal
      add_product(sum, q_rows, Matrix{k_tile, 1, stride}, r, j, shape.head_dim);
    }
    for (int i = 0; i < kRowsPerThread; ++i) {
      a[(r + i) * a_stride + j] = j <= r + i ? sum[i] : 0.0f;
    }
  });
  __syncthreads();  // the masked scores are written

  const Matrix a_rows{a, a_stride, 1};
  for (int r = tid / 32; shape.normalize && r < valid; r += kWarps) {
    denominator[r] = warp_dot(q_rows, r, z, shape.head_dim) + warp_dot(a_rows, r, nullptr, r + 1);
  }
  __syncthreads();  // the denominators are written
  for_row_groups<kThreads>(chunk, shape.head_dim_v, [&](int r, int col) {
    float sum[kRowsPerThread] = {};
    add_product(sum, q_rows, Matrix{s, shape.head_dim_v, 1}, r, col, shape.head_dim);
    add_product(sum, a_rows, Matrix{v_tile, shape.head_dim_v, 1}, r, col, r + kRowsPerThread);
    for (int i = 0; i < kRowsPerThread && r + i < valid; ++i) {
      o[(first + r + i) * shape.head_dim_v + col] = shape.normalize ? sum[i] / denominator[r + i] : sum[i];
    }
  });
}

const Param kBlockV = int_param("block_v", "value columns per block", "columns",
                                "Columns of the state that a block of the first kernel owns: 32, 64 or 128.",
                                32, 32, 128, true);
const Param* const kTiles[] = {&params::chunk, &kBlockV};

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const LinearProblem p = linear_problem(problem);
  const LinearShape shape = shape_of(p);
  const int chunk = tiles.integer32(params::chunk);
  const int block_v = tiles.integer32(kBlockV);
  const int chunks = ceil_div(shape.seq_len, chunk);
  const auto heads = static_cast<unsigned>(p.heads);
  const std::size_t rows = static_cast<std::size_t>(p.heads) * chunks * p.head_dim;
  auto* chunk_s = static_cast<float*>(stream.scratch("chunk_s", rows * p.head_dim_v * sizeof(float)));
  auto* chunk_z = static_cast<float*>(stream.scratch("chunk_z", rows * sizeof(float)));
  const ChunkStates states{.x = buffers.f32("k"),
                           .y = buffers.f32("v"),
                           .y_factor = nullptr,
                           .w = nullptr,
                           .x_factor = 1.0f,
                           .s = chunk_s,
                           .z = chunk_z,
                           .after = false,
                           .state = state_arrays(p, buffers, true)};
  launch(stream, chunk_states, dim3(ceil_div(shape.head_dim_v, block_v), heads), dim3(kStateThreads),
         chunk_states_floats(shape, chunk, block_v) * sizeof(float), states, shape, chunk, block_v);
  launch(stream, chunk_outputs, dim3(chunks, heads), dim3(kThreads),
         output_floats(shape, chunk) * sizeof(float), buffers.f32("q"), buffers.f32("k"), buffers.f32("v"),
         chunk_s, chunk_z, buffers.f32("o"), shape, chunk);
}

std::string unsupported(const ParamSet& problem, const ParamSet& tiles) {
  if (std::string why =
          built_sizes(tiles, params::chunk, {16, 32, 64}) + built_sizes(tiles, kBlockV, {32, 64, 128});
      !why.empty()) {
    return why;
  }
  const LinearShape shape = shape_of(linear_problem(problem));
  const int chunk = tiles.integer32(params::chunk);
  return shared_memory_limit(
      std::max(chunk_states_floats(shape, chunk, tiles.integer32(kBlockV)), output_floats(shape, chunk)),
      "chunk");
}

// q and o once, k and v twice, N/C states of d^2 both ways: 6 N d + 2 (N/C) d^2, and the same for z. k comes
// once per tile of value columns in the first kernel.
double modelled_accesses(const ParamSet& problem, const ParamSet& tiles) {
  const LinearProblem p = linear_problem(problem);
  const auto K = static_cast<double>(p.head_dim);
  const auto V = static_cast<double>(p.head_dim_v);
  const double chunks = ceil_div(static_cast<int>(p.seq_len), tiles.integer32(params::chunk));
  const double col_tiles = ceil_div(static_cast<int>(p.head_dim_v), tiles.integer32(kBlockV));
  return p.tokens() * ((2 + col_tiles) * K + 3 * V) +
         2 * static_cast<double>(p.heads) * chunks * K * (V + (p.normalize ? 1 : 0)) + p.passed_states();
}

const Rung kRung{
    .op = "causal_linear",
    .id = "10_two_pass_chunk",
    .title = "States to memory, then all chunks at once",
    .teaches = "Chunks: matrix products inside, one state between; the states are written out first.",
    .limit = "Global memory: k and v are read twice and N/C states of d^2 travel both ways.",
    .source = "Yang et al. 2024, arXiv:2312.06635, algorithm 1, materialised",
    .tiles = kTiles,
    .unsupported = unsupported,
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
