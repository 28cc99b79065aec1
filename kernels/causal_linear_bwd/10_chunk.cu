// From 00_naive: tokens come in chunks. The states before each chunk, and the gradients of the states after
// it, go to memory; between them every chunk makes its gradients on its own, as masked matrix products.
// Teaches: backward is the forward's two-pass form twice: once over S with time, once over R against it.
// Limit: shared memory: 1.25 loads per multiply-add, and four states of d^2 per chunk through memory.
// Source: Yang et al. 2024, arXiv:2312.06635, section 3 (backward by chunks), normaliser added.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/chunk_states.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;
constexpr int kBlockV = 32;  // value columns of the state that a block of the state kernel owns

struct Arrays {
  const float *q, *k, *v, *d_o;
  float *dq, *dk, *dv, *inverse, *d_denominator;
};

int query_floats(const LinearShape& shape, int chunk) {
  return chunk * (4 * odd_stride(shape.head_dim) + 2 * odd_stride(shape.head_dim_v) + chunk + 1) +
         shape.head_dim * odd_stride(shape.head_dim_v);
}

// Loads one chunk of x [H, T, dim] to a tile of odd stride.
__device__ void load_chunk(float* tile, const float* x, size_t first, int chunk, int valid, int dim,
                           bool elu1, float factor) {
  load_features<kThreads>(tile, odd_stride(dim), x + first * dim, chunk, valid, dim, 0, dim, elu1, factor);
}

__device__ void load_state(float* tile, const float* state, size_t at, const LinearShape& shape) {
  load_features<kThreads>(tile, odd_stride(shape.head_dim_v), state + at * shape.head_dim * shape.head_dim_v,
                          shape.head_dim, shape.head_dim, shape.head_dim_v, 0, shape.head_dim_v, false, 1.0f);
}

// One block per chunk and head: u = (do v^T * M) phi(k) + do S^T, then dq as in 00_naive.
__global__ void __launch_bounds__(kThreads)
    query_gradients(Arrays a, const float* states, const float* state_sums, LinearShape shape, int chunk) {
  extern __shared__ float shared[];
  const int K = odd_stride(shape.head_dim);
  const int V = odd_stride(shape.head_dim_v);
  float* q = shared;                   // [C, K], phi(q)
  float* k = q + chunk * K;            // [C, K], phi(k)
  float* z = k + chunk * K;            // [C, K], z of every token
  float* u = z + chunk * K;            // [C, K]
  float* v = u + chunk * K;            // [C, V]
  float* g = v + chunk * V;            // [C, V], do
  float* p = g + chunk * V;            // [C, C], do v^T
  float* s = p + chunk * (chunk + 1);  // [K, V]
  const size_t head = blockIdx.y;
  const size_t at = head * gridDim.x + blockIdx.x;
  const size_t first = head * shape.seq_len + blockIdx.x * chunk;
  const int valid = min(chunk, shape.seq_len - static_cast<int>(blockIdx.x) * chunk);
  load_chunk(q, a.q, first, chunk, valid, shape.head_dim, shape.elu1, 1.0f);
  load_chunk(k, a.k, first, chunk, valid, shape.head_dim, shape.elu1, 1.0f);
  load_chunk(v, a.v, first, chunk, valid, shape.head_dim_v, false, 1.0f);
  load_chunk(g, a.d_o, first, chunk, valid, shape.head_dim_v, false, 1.0f);
  load_state(s, states, at, shape);
  __syncthreads();  // the tiles are complete
  for_row_groups<kThreads>(chunk, chunk, [&](int r, int j) {
    float sum[kRowsPerThread] = {};
    add_product(sum, Matrix{g, V, 1}, Matrix{v, 1, V}, r, j, shape.head_dim_v);
    for (int i = 0; i < kRowsPerThread; ++i) {
      p[(r + i) * (chunk + 1) + j] = j <= r + i ? sum[i] : 0.0f;
    }
  });
  for (int c = threadIdx.x; shape.normalize && c < shape.head_dim; c += kThreads) {
    float sum = state_sums[at * shape.head_dim + c];
    for (int r = 0; r < chunk; ++r) {
      sum += k[r * K + c];
      z[r * K + c] = sum;
    }
  }
  __syncthreads();  // p and z are written
  for_row_groups<kThreads>(chunk, shape.head_dim, [&](int r, int c) {
    float sum[kRowsPerThread] = {};
    add_product(sum, Matrix{p, chunk + 1, 1}, Matrix{k, K, 1}, r, c, r + kRowsPerThread);
    add_product(sum, Matrix{g, V, 1}, Matrix{s, 1, V}, r, c, shape.head_dim_v);
    for (int i = 0; i < kRowsPerThread; ++i) {
      u[(r + i) * K + c] = sum[i];
    }
  });
  __syncthreads();  // u is written
  for (int r = threadIdx.x / 32; r < valid; r += kWarps) {
    float inverse = 1;
    float d_denominator = 0;
    if (shape.normalize) {
      inverse = 1 / (shape.scale * warp_dot(Matrix{q, K, 1}, r, z + r * K, shape.head_dim));
      d_denominator =
          -shape.scale * warp_dot(Matrix{q, K, 1}, r, u + r * K, shape.head_dim) * inverse * inverse;
    }
    for (int c = threadIdx.x % 32; c < shape.head_dim; c += 32) {
      const float slope = shape.scale * slope_of_feature(q[r * K + c], shape.elu1);
      const float by_denominator = shape.normalize ? d_denominator * z[r * K + c] : 0.0f;
      a.dq[(first + r) * shape.head_dim + c] = slope * (u[r * K + c] * inverse + by_denominator);
    }
    if (threadIdx.x % 32 == 0) {
      a.inverse[first + r] = inverse;
      a.d_denominator[first + r] = d_denominator;
    }
  }
}

int key_value_floats(const LinearShape& shape, int chunk) {
  return 2 * chunk * (odd_stride(shape.head_dim) + odd_stride(shape.head_dim_v) + chunk + 1) +
         shape.head_dim * odd_stride(shape.head_dim_v);
}

// One block per chunk and head, g = do / den:
// dv = (phi(k) phi(q)^T * M^T) g + phi(k) R,  dphi(k) = ((v g^T + d_den) * M^T) phi(q) + v R^T + r.
__global__ void __launch_bounds__(kThreads)
    key_value_gradients(Arrays a, const float* states, const float* state_sums, LinearShape shape,
                        int chunk) {
  extern __shared__ float shared[];
  const int K = odd_stride(shape.head_dim);
  const int V = odd_stride(shape.head_dim_v);
  const int C = chunk + 1;
  float* q = shared;             // [C, K], scale phi(q)
  float* k = q + chunk * K;      // [C, K], phi(k)
  float* v = k + chunk * K;      // [C, V]
  float* g = v + chunk * V;      // [C, V]
  float* k_q = g + chunk * V;    // [C, C], phi(k_j).q_i for i >= j
  float* v_g = k_q + chunk * C;  // [C, C], v_j.g_i + d_den_i for i >= j
  float* s = v_g + chunk * C;    // [K, V], R of the tokens after the chunk
  const size_t head = blockIdx.y;
  const size_t at = head * gridDim.x + blockIdx.x;
  const size_t first = head * shape.seq_len + blockIdx.x * chunk;
  const int valid = min(chunk, shape.seq_len - static_cast<int>(blockIdx.x) * chunk);
  load_chunk(q, a.q, first, chunk, valid, shape.head_dim, shape.elu1, shape.scale);
  load_chunk(k, a.k, first, chunk, valid, shape.head_dim, shape.elu1, 1.0f);
  load_chunk(v, a.v, first, chunk, valid, shape.head_dim_v, false, 1.0f);
  for (int r = threadIdx.x / 32; r < chunk; r += kWarps) {
    const float factor = r < valid ? a.inverse[first + r] : 0.0f;
    for (int col = threadIdx.x % 32; col < shape.head_dim_v; col += 32) {
      g[r * V + col] = r < valid ? factor * a.d_o[(first + r) * shape.head_dim_v + col] : 0.0f;
    }
  }
  load_state(s, states, at, shape);
  __syncthreads();  // the tiles are complete
  for_row_groups<kThreads>(chunk, chunk, [&](int j, int i) {
    float scores[kRowsPerThread] = {};
    float gradients[kRowsPerThread] = {};
    add_product(scores, Matrix{k, K, 1}, Matrix{q, 1, K}, j, i, shape.head_dim);
    add_product(gradients, Matrix{v, V, 1}, Matrix{g, 1, V}, j, i, shape.head_dim_v);
    const float d_denominator = i < valid ? a.d_denominator[first + i] : 0.0f;
    for (int m = 0; m < kRowsPerThread; ++m) {
      k_q[(j + m) * C + i] = i >= j + m ? scores[m] : 0.0f;
      v_g[(j + m) * C + i] = i >= j + m ? gradients[m] + d_denominator : 0.0f;
    }
  });
  __syncthreads();  // both masked products are written
  for_row_groups<kThreads>(chunk, shape.head_dim_v, [&](int j, int col) {
    float sum[kRowsPerThread] = {};
    add_product(sum, Matrix{k_q, C, 1}, Matrix{g, V, 1}, j, col, chunk);
    add_product(sum, Matrix{k, K, 1}, Matrix{s, V, 1}, j, col, shape.head_dim);
    for (int m = 0; m < kRowsPerThread && j + m < valid; ++m) {
      a.dv[(first + j + m) * shape.head_dim_v + col] = sum[m];
    }
  });
  for_row_groups<kThreads>(chunk, shape.head_dim, [&](int j, int c) {
    float sum[kRowsPerThread] = {};
    add_product(sum, Matrix{v_g, C, 1}, Matrix{q, K, 1}, j, c, chunk);
    add_product(sum, Matrix{v, V, 1}, Matrix{s, 1, V}, j, c, shape.head_dim_v);
    const float later = shape.normalize ? state_sums[at * shape.head_dim + c] : 0.0f;
    for (int m = 0; m < kRowsPerThread && j + m < valid; ++m) {
      a.dk[(first + j + m) * shape.head_dim + c] =
          slope_of_feature(k[(j + m) * K + c], shape.elu1) * (sum[m] + later);
    }
  });
}

const Param kChunk =
    int_param("chunk", "chunk size", "tokens", "Tokens per chunk C: 16, 32 or 64.", 32, 16, 64, true);
const Param* const kTiles[] = {&kChunk};

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const LinearProblem p = linear_problem(problem);
  const LinearShape shape = shape_of(p);
  const int chunk = tiles.integer32(kChunk);
  const int chunks = ceil_div(shape.seq_len, chunk);
  const auto heads = static_cast<unsigned>(p.heads);
  const auto scratch = [&](std::string_view name, std::int64_t floats) {
    return static_cast<float*>(stream.scratch(name, static_cast<std::size_t>(floats) * sizeof(float)));
  };
  const Arrays all{buffers.f32("q"),
                   buffers.f32("k"),
                   buffers.f32("v"),
                   buffers.f32("do"),
                   buffers.f32("dq"),
                   buffers.f32("dk"),
                   buffers.f32("dv"),
                   scratch("inverse", p.heads * p.seq_len),
                   scratch("d_denominator", p.heads * p.seq_len)};
  float* states = scratch("states", p.heads * chunks * p.head_dim * p.head_dim_v);
  float* state_sums = scratch("state_sums", p.heads * chunks * p.head_dim);
  const dim3 by_column(ceil_div(shape.head_dim_v, kBlockV), heads);
  const dim3 by_chunk(chunks, heads);
  const std::size_t state_bytes = chunk_states_floats(shape, chunk, kBlockV) * sizeof(float);
  launch(stream, chunk_states, by_column, dim3(kStateThreads), state_bytes,
         ChunkStates{all.k, all.v, nullptr, nullptr, 1.0f, states, state_sums, false}, shape, chunk, kBlockV);
  launch(stream, query_gradients, by_chunk, dim3(kThreads), query_floats(shape, chunk) * sizeof(float), all,
         states, state_sums, shape, chunk);
  launch(stream, chunk_states, by_column, dim3(kStateThreads), state_bytes,
         ChunkStates{all.q, all.d_o, all.inverse, all.d_denominator, shape.scale, states, state_sums, true},
         shape, chunk, kBlockV);
  launch(stream, key_value_gradients, by_chunk, dim3(kThreads),
         key_value_floats(shape, chunk) * sizeof(float), all, states, state_sums, shape, chunk);
}

std::string unsupported(const ParamSet& problem, const ParamSet& tiles) {
  if (std::string why = built_sizes(tiles, kChunk, {16, 32, 64}); !why.empty()) {
    return why;
  }
  const LinearShape shape = shape_of(linear_problem(problem));
  const int chunk = tiles.integer32(kChunk);
  return shared_memory_limit(std::max(query_floats(shape, chunk), key_value_floats(shape, chunk)), "chunk");
}

// Each state pass reads two arrays (the one of K columns once per 32 value columns), each gradient pass reads
// four and writes its own; a state per chunk is written and read twice.
double modelled_accesses(const ParamSet& problem, const ParamSet& tiles) {
  const LinearProblem p = linear_problem(problem);
  const auto K = static_cast<double>(p.head_dim);
  const auto V = static_cast<double>(p.head_dim_v);
  const double chunks = ceil_div(static_cast<int>(p.seq_len), tiles.integer32(kChunk));
  const double col_tiles = ceil_div(static_cast<int>(p.head_dim_v), kBlockV);
  return p.tokens() * ((6 + 2 * col_tiles) * K + 7 * V + 5 + col_tiles) +
         4 * static_cast<double>(p.heads) * chunks * K * (V + (p.normalize ? 1 : 0));
}

const Rung kRung{
    .op = "causal_linear_bwd",
    .id = "10_chunk",
    .title = "Chunks in parallel",
    .teaches = "States before and after every chunk in memory; between them masked matrix products.",
    .limit = "Shared memory bandwidth: 1.25 loads per multiply-add; states of d^2 per chunk.",
    .source = "Yang et al. 2024, arXiv:2312.06635, section 3, backward",
    .tiles = kTiles,
    .unsupported = unsupported,
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
