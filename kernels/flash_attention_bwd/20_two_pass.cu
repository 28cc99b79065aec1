// From 10_preprocess: P and dS are recomputed tile by tile and never leave the chip. One kernel owns key
// tiles and sums dK and dV over the queries, another owns query tiles and sums dQ over the keys.
// Teaches: recomputation for traffic; whoever owns a sum needs no atomics: the same bits on every run.
// Limit: shared memory feeds each multiply-add with two loads; S and dP are computed twice (7 products,
// not 5).
// Source: Dao 2023, arXiv:2307.08691, algorithm 2, with its dQ atomics replaced by a second pass.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/attention.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / 32;

// D [H, T] = rowsum(dO * O), one thread per row of all heads. Summed in the order of the dP product: a row
// that sees a single key then gets dP - D = 0, as it must.
__global__ void row_dots(const float* d_o, const float* o, float* row_dot, int rows, int dim) {
  const int row = blockIdx.x * kThreads + threadIdx.x;
  if (row >= rows) {
    return;
  }
  float sum = 0;
  for (int c = 0; c < dim; ++c) {
    sum += d_o[static_cast<size_t>(row) * dim + c] * o[static_cast<size_t>(row) * dim + c];
  }
  row_dot[row] = sum;
}

// Rows [first, first + rows) of a [limit, dim] array to a tile of stride dim + 1 (odd, or nearly: a column
// then does not sit in one bank); rows beyond limit become 0.
__device__ void load_tile(float* tile, const float* from, int first, int rows, int limit, int dim) {
  for (int r = threadIdx.x / 32; r < rows; r += kWarps) {
    for (int c = threadIdx.x % 32; c < dim; c += 32) {
      tile[r * (dim + 1) + c] = first + r < limit ? from[static_cast<size_t>(first + r) * dim + c] : 0.0f;
    }
  }
}

// One head's arrays.
struct Head {
  const float *q, *k, *v, *mask, *d_o, *logsumexp, *row_dot;
};

__device__ Head head_of(Head all, int head, const AttentionShape& shape) {
  const size_t row = static_cast<size_t>(head) * shape.seq_len;
  const size_t key = static_cast<size_t>(head) * shape.key_len;
  all.q += row * shape.head_dim;
  all.k += key * shape.head_dim;
  all.v += key * shape.head_dim_v;
  all.d_o += row * shape.head_dim_v;
  all.logsumexp += row;
  all.row_dot += row;
  return all;
}

// What both kernels keep in shared memory.
template <int block>
struct Tiles {
  float* q;    // [block, K]
  float* d_o;  // [block, V]
  float* k;    // [block, K]
  float* v;    // [block, V]
  float* p;    // [block, block]
  float* ds;   // [block, block]
  float* sum;  // what the block owns
  static constexpr int kStride = block + 1;
  __host__ __device__ static int floats(const AttentionShape& shape, int summed) {  // summed: columns owned
    return 2 * block * (shape.head_dim + shape.head_dim_v + 2) + 2 * block * kStride + block * summed;
  }
  __device__ Tiles(float* shared, const AttentionShape& shape) {
    q = shared;
    d_o = q + block * (shape.head_dim + 1);
    k = d_o + block * (shape.head_dim_v + 1);
    v = k + block * (shape.head_dim + 1);
    p = v + block * (shape.head_dim_v + 1);
    ds = p + block * kStride;
    sum = ds + block * kStride;
  }

  // [snippet recompute]
  // P = e^{scale q k^T + mask - logsumexp} and dS = P * (dO v^T - D) for the tile at (first_row, first_key).
  __device__ void recompute(const Head& head, const AttentionShape& shape, int first_row, int first_key) {
    for (int e = threadIdx.x; e < block * block; e += kThreads) {
      const int r = e / block;
      const int j = e % block;
      float score = 0;
      for (int c = 0; c < shape.head_dim; ++c) {
        score += q[r * (shape.head_dim + 1) + c] * k[j * (shape.head_dim + 1) + c];
      }
      float dp = 0;
      for (int c = 0; c < shape.head_dim_v; ++c) {
        dp += d_o[r * (shape.head_dim_v + 1) + c] * v[j * (shape.head_dim_v + 1) + c];
      }
      score = shape.scale * score + score_bias(head.mask, shape, first_row + r, first_key + j);
      const bool hidden = score == -INFINITY;  // also beyond either end
      const float weight = hidden ? 0.0f : expf(score - head.logsumexp[first_row + r]);
      p[r * kStride + j] = weight;
      ds[r * kStride + j] = hidden ? 0.0f : weight * (dp - head.row_dot[first_row + r]);
    }
  }
  // [/snippet]
};

// sum [block, dim] += a b, where a(r, i) stands at a[r * a_row + i * a_col] and b is a loaded tile [block,
// dim]. An element of sum is always the same thread's.
template <int block>
__device__ void add_product(float* sum, const float* a, int a_row, int a_col, const float* b, int dim) {
  for (int r = threadIdx.x / 32; r < block; r += kWarps) {
    for (int c = threadIdx.x % 32; c < dim; c += 32) {
      float total = 0;
      for (int i = 0; i < block; ++i) {
        total += a[r * a_row + i * a_col] * b[i * (dim + 1) + c];
      }
      sum[r * dim + c] += total;
    }
  }
}

// One block per key tile and head: dv = P^T dO, dk = scale dS^T q.
template <int block>
__global__ void key_gradients(Head all, float* dk, float* dv, AttentionShape shape) {
  extern __shared__ float shared[];
  Tiles<block> tile(shared, shape);
  float* dk_sum = tile.sum;                         // [block, K]
  float* dv_sum = dk_sum + block * shape.head_dim;  // [block, V]
  const int first_key = blockIdx.x * block;
  const Head head = head_of(all, blockIdx.y, shape);
  load_tile(tile.k, head.k, first_key, block, shape.key_len, shape.head_dim);
  load_tile(tile.v, head.v, first_key, block, shape.key_len, shape.head_dim_v);
  for (int i = threadIdx.x; i < block * (shape.head_dim + shape.head_dim_v); i += kThreads) {
    dk_sum[i] = 0;
  }
  // The first query that sees first_key: earlier query tiles are hidden from the whole key tile.
  const int first_seen = shape.causal ? max(0, first_key - (shape.key_len - shape.seq_len)) : 0;
  for (int first_row = first_seen / block * block; first_row < shape.seq_len; first_row += block) {
    __syncthreads();  // q, dO, P and dS of the previous tile have been used
    load_tile(tile.q, head.q, first_row, block, shape.seq_len, shape.head_dim);
    load_tile(tile.d_o, head.d_o, first_row, block, shape.seq_len, shape.head_dim_v);
    __syncthreads();  // the four tiles are complete
    tile.recompute(head, shape, first_row, first_key);
    __syncthreads();  // P and dS are written
    add_product<block>(dv_sum, tile.p, 1, tile.kStride, tile.d_o, shape.head_dim_v);
    add_product<block>(dk_sum, tile.ds, 1, tile.kStride, tile.q, shape.head_dim);
  }
  __syncthreads();  // the sums are final
  const size_t first = static_cast<size_t>(blockIdx.y) * shape.key_len + first_key;
  const int keys = min(block, shape.key_len - first_key);
  for (int i = threadIdx.x; i < keys * shape.head_dim; i += kThreads) {
    dk[first * shape.head_dim + i] = shape.scale * dk_sum[i];
  }
  for (int i = threadIdx.x; i < keys * shape.head_dim_v; i += kThreads) {
    dv[first * shape.head_dim_v + i] = dv_sum[i];
  }
}

// One block per query tile and head: dq = scale dS k.
template <int block>
__global__ void query_gradients(Head all, float* dq, AttentionShape shape) {
  extern __shared__ float shared[];
  Tiles<block> tile(shared, shape);
  float* dq_sum = tile.sum;  // [block, K]
  const int first_row = blockIdx.x * block;
  const int rows = min(block, shape.seq_len - first_row);
  const Head head = head_of(all, blockIdx.y, shape);
  load_tile(tile.q, head.q, first_row, block, shape.seq_len, shape.head_dim);
  load_tile(tile.d_o, head.d_o, first_row, block, shape.seq_len, shape.head_dim_v);
  for (int i = threadIdx.x; i < block * shape.head_dim; i += kThreads) {
    dq_sum[i] = 0;
  }
  const int visible = shape.visible_keys(first_row + rows - 1);  // of the last row, which sees most
  for (int first_key = 0; first_key < visible; first_key += block) {
    __syncthreads();  // k, v, P and dS of the previous tile have been used
    load_tile(tile.k, head.k, first_key, block, shape.key_len, shape.head_dim);
    load_tile(tile.v, head.v, first_key, block, shape.key_len, shape.head_dim_v);
    __syncthreads();  // the four tiles are complete
    tile.recompute(head, shape, first_row, first_key);
    __syncthreads();  // P and dS are written
    add_product<block>(dq_sum, tile.ds, tile.kStride, 1, tile.k, shape.head_dim);
  }
  __syncthreads();  // the sums are final
  const size_t first = static_cast<size_t>(blockIdx.y) * shape.seq_len + first_row;
  for (int i = threadIdx.x; i < rows * shape.head_dim; i += kThreads) {
    dq[first * shape.head_dim + i] = shape.scale * dq_sum[i];
  }
}

const Param kBlock = int_param("block", "tile side", "rows and keys",
                               "Query rows and keys of a tile: 16, 32 or 64.", 32, 16, 64, true);
const Param* const kTiles[] = {&kBlock};

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const AttentionProblem p = attention_problem(problem);
  const AttentionShape shape = shape_of(p);
  const auto heads = static_cast<unsigned>(p.heads);
  const int rows = static_cast<int>(p.heads * p.seq_len);
  auto* row_dot = static_cast<float*>(stream.scratch("row_dot", rows * sizeof(float)));
  launch(stream, row_dots, dim3(ceil_div(rows, kThreads)), dim3(kThreads), 0, buffers.f32("do"),
         buffers.f32("o"), row_dot, rows, shape.head_dim_v);
  const Head all{
      buffers.f32("q"),  buffers.f32("k"),         buffers.f32("v"), p.masked ? buffers.f32("mask") : nullptr,
      buffers.f32("do"), buffers.f32("logsumexp"), row_dot};
  with_constant<16, 32, 64>(tiles.integer(kBlock), [&](auto block) {
    launch(stream, key_gradients<block()>, dim3(ceil_div(shape.key_len, block()), heads), dim3(kThreads),
           Tiles<block()>::floats(shape, shape.head_dim + shape.head_dim_v) * sizeof(float), all,
           buffers.f32("dk"), buffers.f32("dv"), shape);
    launch(stream, query_gradients<block()>, dim3(ceil_div(shape.seq_len, block()), heads), dim3(kThreads),
           Tiles<block()>::floats(shape, shape.head_dim) * sizeof(float), all, buffers.f32("dq"), shape);
  });
}

std::string unsupported(const ParamSet& problem, const ParamSet& tiles) {
  std::string why = built_sizes(tiles, kBlock, {16, 32, 64});
  const AttentionShape shape = shape_of(attention_problem(problem));
  with_constant<16, 32, 64>(tiles.integer(kBlock), [&](auto side) {
    const int floats = Tiles<side()>::floats(shape, shape.head_dim + shape.head_dim_v);
    why = why.empty() ? shared_memory_limit(floats, "block") : why;
  });
  return why;
}

// D: O and dO once. Key pass: k, v, dk, dv once, and q, dO, logsumexp, D of the visible rows per key tile.
// Query pass: q, dO, dq once, the visible k and v per query tile.
double modelled_accesses(const ParamSet& problem, const ParamSet& tiles) {
  const AttentionProblem p = attention_problem(problem);
  const std::int64_t block = tiles.integer(kBlock);
  const auto T = static_cast<double>(p.seq_len);
  const auto Tk = static_cast<double>(p.key_len);
  const auto K = static_cast<double>(p.head_dim);
  const auto V = static_cast<double>(p.head_dim_v);
  const double key_pass = 2 * Tk * (K + V) + queries_read_per_head(p, block, block) * (K + V + 2);
  const double query_pass = T * (2 * K + V + 2) + keys_read_per_head(p, block, block) * (K + V);
  return static_cast<double>(p.heads) * (T * (2 * V + 1) + key_pass + query_pass);
}

const Rung kRung{
    .op = "flash_attention_bwd",
    .id = "20_two_pass",
    .title = "Two passes, no atomics",
    .teaches = "Tiles of P and dS are recomputed on chip; key tiles own dK and dV, query tiles own dQ.",
    .limit = "Shared memory bandwidth: two loads per multiply-add, and 7 products instead of 5.",
    .source = "Dao 2023, arXiv:2307.08691, algorithm 2 (dQ by a second pass instead of atomics)",
    .tiles = kTiles,
    .unsupported = unsupported,
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
