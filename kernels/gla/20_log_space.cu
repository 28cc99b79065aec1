// From 10_one_level_chunk: inside a chunk the gate of every pair is formed as one exponential of a
// difference, e^{G_i - G_j} <= 1 for i >= j. Nothing is divided, nothing overflows. Teaches: safety is bought
// with C/2 exponentials per element of q, and a sum that no matrix product does. Limit: the special function
// units: 16 exponentials per clock and SM, where 128 multiply-adds would fit. Source: Yang et al. 2024,
// arXiv:2312.06635, equation 4, inside chunks. SPDX-License-Identifier: MIT
#include "kernels/cuda/gla.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

int shared_floats(const LinearShape& shape, int chunk) {
  return 3 * chunk * odd_stride(shape.head_dim);
}

// One block per chunk and head: a [H, chunks, C, C], a_ij = scale sum_c q_ic k_jc e^{G_ic - G_jc} for i >= j.
__global__ void __launch_bounds__(kGlaThreads, 2)
    scores(const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ g,
           float* __restrict__ a, LinearShape shape, int chunk) {
  extern __shared__ float shared[];
  const int stride = odd_stride(shape.head_dim);
  float* sums = shared;                     // [C, K], G
  float* q_tile = sums + chunk * stride;    // [C, K], scale q
  float* k_tile = q_tile + chunk * stride;  // [C, K]
  const size_t head = blockIdx.y;
  const size_t first = head * shape.seq_len + blockIdx.x * chunk;
  const int valid = min(chunk, shape.seq_len - static_cast<int>(blockIdx.x) * chunk);
  load_features<kGlaThreads>(q_tile, stride, q + first * shape.head_dim, chunk, valid, shape.head_dim, 0,
                             shape.head_dim, false, shape.scale);
  load_features<kGlaThreads>(k_tile, stride, k + first * shape.head_dim, chunk, valid, shape.head_dim, 0,
                             shape.head_dim, false, 1.0f);
  load_cumulative(sums, stride, g + first * shape.head_dim, chunk, valid, shape.head_dim);
  a += (head * gridDim.x + blockIdx.x) * chunk * chunk;
  // [snippet pairs]
  for_row_groups<kGlaThreads>(chunk, chunk, [&](int r, int j) {
    float sum[kRowsPerThread] = {};
    if (j / 32 * 32 < r + kRowsPerThread) {  // some lane of the warp is on or below the diagonal
      for (int c = 0; c < shape.head_dim; ++c) {
        const float key = k_tile[j * stride + c];
        const float key_sum = sums[j * stride + c];
#pragma unroll
        for (int i = 0; i < kRowsPerThread; ++i) {
          const float exponent =
              fminf(sums[(r + i) * stride + c] - key_sum, 0.0f);  // > 0 only above the diagonal
          sum[i] += q_tile[(r + i) * stride + c] * key * expf(exponent);
        }
      }
    }
    for (int i = 0; i < kRowsPerThread; ++i) {
      a[(r + i) * chunk + j] = j <= r + i ? sum[i] : 0.0f;
    }
  });
  // [/snippet]
}

const Param* const kTiles[] = {&params::gla_chunk, &params::gla_block_v};

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
  return walk_limit(gla_problem(problem), tiles);
}

const Rung kRung{.op = "gla",
                 .id = "20_log_space",
                 .title = "Chunks in log space",
                 .teaches = "One exponential of a difference per pair and channel: exponents never above 0.",
                 .limit = "Special function units: C/2 exponentials per element of q, no matrix product.",
                 .source = "Yang et al. 2024, arXiv:2312.06635, equation 4",
                 .tiles = kTiles,
                 .unsupported = unsupported,
                 .modelled_accesses = walk_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
