// From 05_naive_parallel: gates are measured from the start of a chunk, and a state carries what came before.
// Inside a chunk it is still (Q * B)(K / B)^T, now with products over C tokens only.
// Teaches: chunks turn range into a limit per chunk, 88 nats: all of the work is matrix products.
// Limit: range: C |ln alpha| < 88, so that C = 64 breaks for gates below about 0.25.
// Source: Yang et al. 2024, arXiv:2312.06635, section 4.2.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/gla.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

int shared_floats(const LinearShape& shape, int chunk) {
  const int depth = round_up(shape.head_dim, 4);
  return chunk * (depth + 4) + depth * (chunk + 4);
}

// One block per chunk and head: a [H, chunks, C, C] = (scale q * B)(k / B)^T on and below the diagonal.
__global__ void __launch_bounds__(kGlaThreads)
    scores(const float* q, const float* k, const float* g, float* a, LinearShape shape, int chunk) {
  extern __shared__ float4 shared[];
  const int depth = (shape.head_dim + 3) / 4 * 4;
  const int q_stride = depth + 4;
  const int k_stride = chunk + 4;
  float* q_tile = reinterpret_cast<float*>(shared);  // [C, depth], B, then scale q * B
  float* k_tile = q_tile + chunk * q_stride;         // [depth, C], k / B, transposed
  const size_t head = blockIdx.y;
  const size_t first = head * shape.seq_len + blockIdx.x * chunk;
  const int valid = min(chunk, shape.seq_len - static_cast<int>(blockIdx.x) * chunk);
  for (int r = threadIdx.x / 32; r < chunk; r += kGlaThreads / 32) {
    for (int c = threadIdx.x % 32; c < depth; c += 32) {
      const bool inside = r < valid && c < shape.head_dim;
      q_tile[r * q_stride + c] = inside ? expf(g[(first + r) * shape.head_dim + c]) : 1.0f;
    }
  }
  __syncthreads();  // the gates are loaded
  for (int c = threadIdx.x; c < depth; c += kGlaThreads) {
    float b = 1;
#pragma unroll 8
    for (int r = 0; r < chunk; ++r) {
      b *= q_tile[r * q_stride + c];
      q_tile[r * q_stride + c] = b;
    }
  }
  __syncthreads();  // their products are complete
  for (int r = threadIdx.x / 32; r < chunk; r += kGlaThreads / 32) {
    for (int c = threadIdx.x % 32; c < depth; c += 32) {
      const bool inside = r < valid && c < shape.head_dim;
      const size_t at = (first + r) * shape.head_dim + c;
      const float b = q_tile[r * q_stride + c];
      k_tile[c * k_stride + r] = inside ? k[at] / b : 0.0f;
      q_tile[r * q_stride + c] = inside ? shape.scale * q[at] * b : 0.0f;
    }
  }
  __syncthreads();  // the tiles are complete
  a += (head * gridDim.x + blockIdx.x) * chunk * chunk;
  for_warp_tiles<kGlaThreads>(chunk, chunk, [&](int r, int j) {
    float4 sum[4] = {};
    if (j / kTileCols * kTileCols < r / kTileRows * kTileRows + kTileRows) {  // not all above the diagonal
      add_tile_product(sum, q_tile + r * q_stride, q_stride, k_tile + j, k_stride, depth);
    }
#pragma unroll
    for (int n = 0; n < 4; ++n) {
      const int i = r + 4 * n;
      *reinterpret_cast<float4*>(a + i * chunk + j) =
          make_float4(j <= i ? sum[n].x : 0.0f, j + 1 <= i ? sum[n].y : 0.0f, j + 2 <= i ? sum[n].z : 0.0f,
                      j + 3 <= i ? sum[n].w : 0.0f);
    }
  });
}

const Param* const kTiles[] = {&params::gla_chunk, &params::gla_block_v, &params::refuse_overflow};

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const GlaProblem p = gla_problem(problem);
  const LinearShape shape = shape_of(p);
  const int chunk = tiles.integer32(params::gla_chunk);
  float* a = chunk_scores(stream, p, chunk);
  launch(stream, scores, dim3(ceil_div(shape.seq_len, chunk), static_cast<unsigned>(p.heads)),
         dim3(kGlaThreads), shared_floats(shape, chunk) * sizeof(float), buffers.f32("q"), buffers.f32("k"),
         buffers.f32("g"), a, shape, chunk);
  launch_walk(stream, p, tiles, buffers, a);
}

std::string unsupported(const ParamSet& problem, const ParamSet& tiles) {
  const GlaProblem p = gla_problem(problem);
  const std::string why = walk_limit(p, tiles);
  return !why.empty() ? why
                      : cumulative_gate_limit(p, tiles, std::min(p.seq_len, tiles.integer(params::gla_chunk)),
                                              "raise alpha_min, lower chunk, or take 30_two_level");
}

const Rung kRung{.op = "gla",
                 .id = "10_one_level_chunk",
                 .title = "Chunks, gates from the chunk's start",
                 .teaches = "The textbook product inside chunks, a state between them: range per chunk only.",
                 .limit = "Range: a chunk may decay by e^-88 in all: C = 64 breaks for gates below 0.25.",
                 .source = "Yang et al. 2024, arXiv:2312.06635, section 4.2",
                 .tiles = kTiles,
                 .unsupported = unsupported,
                 .modelled_accesses = walk_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
