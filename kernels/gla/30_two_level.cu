// From 20_log_space: a chunk is cut into sub-chunks of c tokens. Pairs in different sub-chunks measure their
// gates from the start of the query's sub-chunk, a matrix product again; only pairs within one go pair by
// pair. Teaches: a reference between the two tokens keeps both exponents <= 0: safe, and mostly products.
// Limit: (c + 1) / (C + 1) of the pairs still take an exponential per channel; then the walk over chunks.
// Source: Yang et al. 2024, arXiv:2312.06635, section 4.3 (secondary chunking).
// SPDX-License-Identifier: MIT
#include "kernels/cuda/gla.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

int shared_floats(const LinearShape& shape, int chunk, int sub) {
  return (4 * chunk + sub) * odd_stride(shape.head_dim);
}

// One block per chunk and head: a [H, chunks, C, C] as in 20_log_space, sub-chunk of rows after sub-chunk.
template <int sub>
__global__ void __launch_bounds__(kGlaThreads)
    scores(const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ g,
           float* __restrict__ a, LinearShape shape, int chunk) {
  extern __shared__ float shared[];
  const int stride = odd_stride(shape.head_dim);
  float* sums = shared;                       // [C, K], G
  float* q_tile = sums + chunk * stride;      // [C, K], scale q
  float* k_tile = q_tile + chunk * stride;    // [C, K]
  float* k_gated = k_tile + chunk * stride;   // [C, K], k * e^{G_ref - G} of the rows before the sub-chunk
  float* q_gated = k_gated + chunk * stride;  // [c, K], q * e^{G - G_ref} of the sub-chunk
  const size_t head = blockIdx.y;
  const size_t first = head * shape.seq_len + blockIdx.x * chunk;
  const int valid = min(chunk, shape.seq_len - static_cast<int>(blockIdx.x) * chunk);
  load_features<kGlaThreads>(q_tile, stride, q + first * shape.head_dim, chunk, valid, shape.head_dim, 0,
                             shape.head_dim, false, shape.scale);
  load_features<kGlaThreads>(k_tile, stride, k + first * shape.head_dim, chunk, valid, shape.head_dim, 0,
                             shape.head_dim, false, 1.0f);
  load_cumulative(sums, stride, g + first * shape.head_dim, chunk, valid, shape.head_dim);
  a += (head * gridDim.x + blockIdx.x) * chunk * chunk;

  for (int begin = 0; begin < chunk; begin += sub) {  // rows [begin, begin + c)
    const int end = begin + sub;
    __syncthreads();  // the gated tiles of the previous sub-chunk have been used
    // [snippet reference]
    for (int r = threadIdx.x / 32; begin > 0 && r < end; r += kGlaThreads / 32) {
      for (int c = threadIdx.x % 32; c < shape.head_dim; c += 32) {
        const float reference = sums[(begin - 1) * stride + c];  // G at the sub-chunk's start
        const float sum = sums[r * stride + c];
        if (r < begin) {
          k_gated[r * stride + c] = k_tile[r * stride + c] * expf(reference - sum);
        } else {
          q_gated[(r - begin) * stride + c] = q_tile[r * stride + c] * expf(sum - reference);
        }
      }
    }
    // [/snippet]
    __syncthreads();  // the gated tiles are complete
    for_row_groups<kGlaThreads>(sub, chunk, [&](int r, int j) {
      const int row = begin + r;
      float sum[kRowsPerThread] = {};
      if (j < begin) {
        add_product(sum, Matrix{q_gated, stride, 1}, Matrix{k_gated, 1, stride}, r, j, shape.head_dim);
      }
      for (int i = 0; i < kRowsPerThread; ++i) {
        if (j < begin || j >= end) {
          a[(row + i) * chunk + j] = sum[i];
        }
      }
    });
    for (int pair = threadIdx.x; pair < sub * sub; pair += kGlaThreads) {
      const int i = begin + pair / sub;
      const int j = begin + pair % sub;
      float sum = 0;
      for (int c = 0; j <= i && c < shape.head_dim; ++c) {
        sum += q_tile[i * stride + c] * k_tile[j * stride + c] *
               expf(sums[i * stride + c] - sums[j * stride + c]);
      }
      a[i * chunk + j] = sum;
    }
  }
}

const Param kSub =
    int_param("sub_chunk", "sub-chunk size", "tokens",
              "Tokens per sub-chunk c, whose own pairs run in log space: 8, 16 or 32.", 16, 8, 32, true);
const Param* const kTiles[] = {&params::gla_chunk, &params::gla_block_v, &kSub};

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const GlaProblem p = gla_problem(problem);
  const LinearShape shape = shape_of(p);
  const int chunk = tiles.integer32(params::gla_chunk);
  float* a = chunk_scores(stream, p, chunk);
  with_constant<8, 16, 32>(tiles.integer(kSub), [&](auto sub) {
    launch(stream, scores<sub()>, dim3(ceil_div(shape.seq_len, chunk), static_cast<unsigned>(p.heads)),
           dim3(kGlaThreads), shared_floats(shape, chunk, sub()) * sizeof(float), buffers.f32("q"),
           buffers.f32("k"), buffers.f32("g"), a, shape, chunk);
  });
  launch_walk(stream, p, tiles, buffers, a);
}

std::string unsupported(const ParamSet& problem, const ParamSet& tiles) {
  const GlaProblem p = gla_problem(problem);
  const std::string why = walk_limit(p, tiles) + built_sizes(tiles, kSub, {8, 16, 32});
  return !why.empty() ? why
                      : shared_memory_limit(shared_floats(shape_of(p), tiles.integer32(params::gla_chunk),
                                                          tiles.integer32(kSub)),
                                            "chunk");
}

const Rung kRung{
    .op = "gla",
    .id = "30_two_level",
    .title = "Sub-chunks: products off the diagonal",
    .teaches = "A reference between query and key keeps both exponents <= 0: products again.",
    .limit = "(c+1)/(C+1) of the pairs stay in log space; then the chunks of a head in sequence.",
    .source = "Yang et al. 2024, arXiv:2312.06635, section 4.3",
    .tiles = kTiles,
    .unsupported = unsupported,
    .modelled_accesses = walk_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
