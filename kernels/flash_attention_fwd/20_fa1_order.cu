// From 10_tiled_scores: softmax joins the products tile by tile (online softmax), so no score leaves the
// chip. Key tiles are the outer loop, query tiles the inner one; O, l and m live in global memory.
// Teaches: the tile step with its rescaling; the operand of the outer loop is the one that is read once.
// Limit: O, l, m are read and written again for every key tile, and one block works on a whole head.
// Source: Dao et al. 2022, arXiv:2205.14135, algorithm 1 (every tile computed, causality by masking).
// SPDX-License-Identifier: MIT
#include "kernels/cuda/attention.cuh"
#include "kernels/watch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / 32;

// Rows [0, rows) of a [*, dim] array to a tile with its own stride; rows at or beyond `valid` become 0.
__device__ void load_tile(float* tile, int stride, const float* from, int rows, int valid, int dim) {
  for (int r = threadIdx.x / 32; r < rows; r += kWarps) {
    for (int c = threadIdx.x % 32; c < dim; c += 32) {
      tile[r * stride + c] = r < valid ? from[static_cast<size_t>(r) * dim + c] : 0.0f;
    }
  }
}

template <int block_m, int block_n>
int shared_floats(const AttentionShape& shape) {
  return (block_m + block_n) * (shape.head_dim + 1) + block_n * shape.head_dim_v + block_m * (block_n + 1) +
         2 * block_m;
}

// One block per head. o [H, T, V], logsumexp [H, T], l and m [H, T].
template <int block_m, int block_n>
__global__ void flash_fwd(const float* q, const float* k, const float* v, const float* mask, float* o,
                          float* logsumexp, float* l, float* m, AttentionShape shape) {
  static_assert(block_m <= kThreads, "the row statistics take one thread per query row");
  extern __shared__ float shared[];
  const int q_stride = shape.head_dim + 1;              // odd strides keep a column of a tile out of one bank
  float* q_tile = shared;                               // [block_m, K]
  float* k_tile = q_tile + block_m * q_stride;          // [block_n, K]
  float* v_tile = k_tile + block_n * q_stride;          // [block_n, V]
  float* s_tile = v_tile + block_n * shape.head_dim_v;  // [block_m, block_n], scores, then weights
  float* keep_old = s_tile + block_m * (block_n + 1);   // [block_m], factor on the O in memory
  float* take_new = keep_old + block_m;                 // [block_m], factor on the tile's contribution
  const int tid = threadIdx.x;
  const size_t head = blockIdx.x;
  q += head * shape.seq_len * shape.head_dim;
  k += head * shape.key_len * shape.head_dim;
  v += head * shape.key_len * shape.head_dim_v;
  o += head * shape.seq_len * shape.head_dim_v;
  l += head * shape.seq_len;
  m += head * shape.seq_len;

  for (int i = tid; i < shape.seq_len * shape.head_dim_v; i += kThreads) {
    o[i] = 0;
  }
  for (int i = tid; i < shape.seq_len; i += kThreads) {
    l[i] = 0;
    m[i] = -INFINITY;
  }

  for (int first_key = 0; first_key < shape.key_len; first_key += block_n) {
    __syncthreads();  // O, l, m of the last query tile are written; K and V tiles may be overwritten
    const int keys = min(block_n, shape.key_len - first_key);
    load_tile(k_tile, q_stride, k + static_cast<size_t>(first_key) * shape.head_dim, block_n, keys,
              shape.head_dim);
    load_tile(v_tile, shape.head_dim_v, v + static_cast<size_t>(first_key) * shape.head_dim_v, block_n, keys,
              shape.head_dim_v);

    for (int first_row = 0; first_row < shape.seq_len; first_row += block_m) {
      const int rows = min(block_m, shape.seq_len - first_row);
      __syncthreads();  // the weights of the previous query tile have been used
      load_tile(q_tile, q_stride, q + static_cast<size_t>(first_row) * shape.head_dim, block_m, rows,
                shape.head_dim);
      __syncthreads();  // q, k and v tiles are complete

      for (int e = tid; e < block_m * block_n; e += kThreads) {
        const int r = e / block_n;
        const int j = e % block_n;
        float sum = 0;
        for (int c = 0; c < shape.head_dim; ++c) {
          sum += q_tile[r * q_stride + c] * k_tile[j * q_stride + c];
        }
        s_tile[r * (block_n + 1) + j] =
            shape.scale * sum + score_bias(mask, shape, first_row + r, first_key + j);
      }
      __syncthreads();  // all scores of the tile are written

      // [snippet statistics]
      if (tid < rows) {
        float* s_row = s_tile + tid * (block_n + 1);
        float tile_max = -INFINITY;  // m~
        for (int j = 0; j < block_n; ++j) {
          tile_max = fmaxf(tile_max, s_row[j]);
        }
        const float tile_shift = exponent_shift(tile_max);
        float tile_sum = 0;  // l~
        for (int j = 0; j < block_n; ++j) {
          s_row[j] = expf(s_row[j] - tile_shift);
          tile_sum += s_row[j];
        }
        const float m_old = m[first_row + tid];
        const float l_old = l[first_row + tid];
        const float m_new = fmaxf(m_old, tile_max);
        const float shift = exponent_shift(m_new);
        const float rescale_old = expf(m_old - shift);
        const float rescale_tile = expf(tile_max - shift);
        const float l_new = rescale_old * l_old + rescale_tile * tile_sum;
        keep_old[tid] = l_new > 0 ? l_old * rescale_old / l_new : 0.0f;
        take_new[tid] = l_new > 0 ? rescale_tile / l_new : 0.0f;
        m[first_row + tid] = m_new;
        l[first_row + tid] = l_new;
        watch("m", first_row + tid, 0, m_new);
        watch("l", first_row + tid, 0, l_new);
      }
      // [/snippet]
      __syncthreads();  // weights and both factors are written

      for (int r = tid / 32; r < rows; r += kWarps) {
        for (int c = tid % 32; c < shape.head_dim_v; c += 32) {
          float sum = 0;
          for (int j = 0; j < block_n; ++j) {
            sum += s_tile[r * (block_n + 1) + j] * v_tile[j * shape.head_dim_v + c];
          }
          float& out = o[static_cast<size_t>(first_row + r) * shape.head_dim_v + c];
          const float o_new = keep_old[r] * out + take_new[r] * sum;
          out = o_new;
          watch("o", first_row + r, c, o_new);
        }
      }
    }
  }
  __syncthreads();  // l and m are final
  for (int i = tid; i < shape.seq_len; i += kThreads) {
    logsumexp[head * shape.seq_len + i] = exponent_shift(m[i]) + logf(l[i]);
  }
}

template <int block_m, int block_n>
void run_tiled(Stream& stream, const AttentionProblem& p, const Buffers& buffers) {
  const AttentionShape shape = shape_of(p);
  const auto rows = static_cast<std::size_t>(p.heads * p.seq_len);
  auto* l = static_cast<float*>(stream.scratch("l", rows * sizeof(float)));
  auto* m = static_cast<float*>(stream.scratch("m", rows * sizeof(float)));
  const float* mask = p.masked ? buffers.f32("mask") : nullptr;
  launch(stream, flash_fwd<block_m, block_n>, dim3(static_cast<unsigned>(p.heads)), dim3(kThreads),
         shared_floats<block_m, block_n>(shape) * sizeof(float), buffers.f32("q"), buffers.f32("k"),
         buffers.f32("v"), mask, buffers.f32("o"), buffers.f32("logsumexp"), l, m, shape);
}

const Param kBlockM = int_param("block_m", "query rows per tile", "rows",
                                "Query rows visited together: 16, 32 or 64.", 32, 16, 64, true);
const Param kBlockN = int_param("block_n", "key columns per tile", "columns",
                                "Keys held while all queries pass: 16, 32 or 64.", 32, 16, 64, true);
const Param* const kTiles[] = {&kBlockM, &kBlockN};

template <class Use>
void with_tiles(const ParamSet& tiles, Use use) {
  with_constant<16, 32, 64>(tiles.integer(kBlockM), [&](auto block_m) {
    with_constant<16, 32, 64>(tiles.integer(kBlockN), [&](auto block_n) { use(block_m, block_n); });
  });
}

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const AttentionProblem p = attention_problem(problem);
  with_tiles(tiles, [&](auto block_m, auto block_n) { run_tiled<block_m(), block_n()>(stream, p, buffers); });
}

std::string unsupported(const ParamSet& problem, const ParamSet& tiles) {
  if (std::string why = built_sizes(tiles, kBlockM, {16, 32, 64}) + built_sizes(tiles, kBlockN, {16, 32, 64});
      !why.empty()) {
    return why;
  }
  int floats = 0;
  const AttentionShape shape = shape_of(attention_problem(problem));
  with_tiles(tiles, [&](auto block_m, auto block_n) { floats = shared_floats<block_m(), block_n()>(shape); });
  return shared_memory_limit(floats, "block_m or block_n");
}

// K and V once; q, O in and out, l and m in and out for every key tile: 2 N d + Tc (3 N d + 4 N).
double modelled_accesses(const ParamSet& problem, const ParamSet& tiles) {
  const AttentionProblem p = attention_problem(problem);
  const auto T = static_cast<double>(p.seq_len);
  const auto key_tiles =
      static_cast<double>((p.key_len + tiles.integer(kBlockN) - 1) / tiles.integer(kBlockN));
  const auto K = static_cast<double>(p.head_dim);
  const auto V = static_cast<double>(p.head_dim_v);
  return static_cast<double>(p.heads) *
         (static_cast<double>(p.key_len) * (K + V) + key_tiles * T * (K + 2 * V + 4));
}

const Rung kRung{
    .op = "flash_attention_fwd",
    .id = "20_fa1_order",
    .title = "FA-1 loop order",
    .teaches = "Softmax tile by tile with a running maximum and sum: scores never leave the chip.",
    .limit = "Global memory: O, l and m travel both ways for every key tile; only heads run in parallel.",
    .source = "Dao et al. 2022, arXiv:2205.14135, algorithm 1",
    .tiles = kTiles,
    .unsupported = unsupported,
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
