// From 20_fa1_order: the loops are exchanged. A block owns one query tile and walks over the keys, so O, l
// and m stay on chip, O is divided by l once at the end, and hidden key tiles are never touched.
// Teaches: parallelism over query tiles, the un-normalised accumulator, logsumexp as the only statistic
// kept.
// Limit: shared memory feeds every multiply-add with two loads and saturates long before the FMA units.
// Source: Dao 2023, arXiv:2307.08691, section 3.1, algorithm 1 (line 10 with the factor, not its inverse).
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
  return (block_m + block_n) * (shape.head_dim + 1) + (block_m + block_n) * shape.head_dim_v +
         block_m * (block_n + 1) + 3 * block_m;
}

// One block per query tile and head. o [H, T, V], logsumexp [H, T].
template <int block_m, int block_n>
__global__ void flash_fwd(const float* q, const float* k, const float* v, const float* mask, float* o,
                          float* logsumexp, AttentionShape shape) {
  static_assert(block_m <= kThreads, "the row statistics take one thread per query row");
  extern __shared__ float shared[];
  const int q_stride = shape.head_dim + 1;              // odd strides keep a column of a tile out of one bank
  float* q_tile = shared;                               // [block_m, K]
  float* k_tile = q_tile + block_m * q_stride;          // [block_n, K]
  float* v_tile = k_tile + block_n * q_stride;          // [block_n, V]
  float* s_tile = v_tile + block_n * shape.head_dim_v;  // [block_m, block_n], scores, then weights
  float* o_tile = s_tile + block_m * (block_n + 1);     // [block_m, V], un-normalised
  float* keep_old = o_tile + block_m * shape.head_dim_v;  // [block_m], e^{m_old - m_new}
  float* m = keep_old + block_m;                          // [block_m]
  float* l = m + block_m;                                 // [block_m]
  const int tid = threadIdx.x;
  const int first_row = blockIdx.x * block_m;
  const int rows = min(block_m, shape.seq_len - first_row);
  const size_t head = blockIdx.y;
  q += (head * shape.seq_len + first_row) * shape.head_dim;
  k += head * shape.key_len * shape.head_dim;
  v += head * shape.key_len * shape.head_dim_v;
  o += (head * shape.seq_len + first_row) * shape.head_dim_v;

  load_tile(q_tile, q_stride, q, block_m, rows, shape.head_dim);
  for (int i = tid; i < block_m * shape.head_dim_v; i += kThreads) {
    o_tile[i] = 0;
  }
  if (tid < block_m) {
    m[tid] = -INFINITY;
    l[tid] = 0;
  }

  const int visible = shape.visible_keys(first_row + rows - 1);  // of the last row, which sees most
  for (int first_key = 0; first_key < visible; first_key += block_n) {
    const int keys = min(block_n, shape.key_len - first_key);
    __syncthreads();  // k, v and s of the previous tile have been used
    load_tile(k_tile, q_stride, k + static_cast<size_t>(first_key) * shape.head_dim, block_n, keys,
              shape.head_dim);
    load_tile(v_tile, shape.head_dim_v, v + static_cast<size_t>(first_key) * shape.head_dim_v, block_n, keys,
              shape.head_dim_v);
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
    if (tid < block_m) {
      float* s_row = s_tile + tid * (block_n + 1);
      const float m_old = m[tid];
      float m_new = m_old;
      for (int j = 0; j < block_n; ++j) {
        m_new = fmaxf(m_new, s_row[j]);
      }
      const float shift = exponent_shift(m_new);
      float tile_sum = 0;
      for (int j = 0; j < block_n; ++j) {
        s_row[j] = expf(s_row[j] - shift);
        tile_sum += s_row[j];
      }
      keep_old[tid] = expf(m_old - shift);
      const float l_new = keep_old[tid] * l[tid] + tile_sum;
      l[tid] = l_new;
      m[tid] = m_new;
      watch("m", first_row + tid, 0, m_new);
      watch("l", first_row + tid, 0, l_new);
    }
    // [/snippet]
    __syncthreads();  // weights and factors are written

    for (int r = tid / 32; r < block_m; r += kWarps) {
      for (int c = tid % 32; c < shape.head_dim_v; c += 32) {
        float sum = 0;
        for (int j = 0; j < block_n; ++j) {
          sum += s_tile[r * (block_n + 1) + j] * v_tile[j * shape.head_dim_v + c];
        }
        float& out = o_tile[r * shape.head_dim_v + c];  // always the same thread's
        const float o_new = keep_old[r] * out + sum;
        out = o_new;
        watch("o", first_row + r, c, o_new);
      }
    }
  }
  __syncthreads();  // m and l are final

  for (int r = tid / 32; r < rows; r += kWarps) {
    for (int c = tid % 32; c < shape.head_dim_v; c += 32) {
      o[static_cast<size_t>(r) * shape.head_dim_v + c] =
          l[r] > 0 ? o_tile[r * shape.head_dim_v + c] / l[r] : 0.0f;
    }
  }
  if (tid < rows) {
    logsumexp[head * shape.seq_len + first_row + tid] = exponent_shift(m[tid]) + logf(l[tid]);
  }
}

template <int block_m, int block_n>
void run_tiled(Stream& stream, const AttentionProblem& p, const Buffers& buffers) {
  const AttentionShape shape = shape_of(p);
  const float* mask = p.masked ? buffers.f32("mask") : nullptr;
  launch(stream, flash_fwd<block_m, block_n>,
         dim3(ceil_div(shape.seq_len, block_m), static_cast<unsigned>(p.heads)), dim3(kThreads),
         shared_floats<block_m, block_n>(shape) * sizeof(float), buffers.f32("q"), buffers.f32("k"),
         buffers.f32("v"), mask, buffers.f32("o"), buffers.f32("logsumexp"), shape);
}

const Param kBlockM = int_param("block_m", "query rows per tile", "rows",
                                "Query rows that a block owns: 16, 32 or 64.", 32, 16, 64, true);
const Param kBlockN = int_param("block_n", "key columns per tile", "columns",
                                "Keys loaded together: 16, 32 or 64.", 32, 16, 64, true);
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

// q once, O and logsumexp once, and the visible keys and values once per query tile: 2 N d + N + 2 N^2 d /
// block_m.
double modelled_accesses(const ParamSet& problem, const ParamSet& tiles) {
  const AttentionProblem p = attention_problem(problem);
  const auto T = static_cast<double>(p.seq_len);
  const auto width = static_cast<double>(p.head_dim + p.head_dim_v);
  const auto keys =
      static_cast<double>(keys_read_per_head(p, tiles.integer(kBlockM), tiles.integer(kBlockN)));
  return static_cast<double>(p.heads) * (T * width + T + keys * width);
}

const Rung kRung{
    .op = "flash_attention_fwd",
    .id = "30_fa2_order",
    .title = "FA-2 loop order",
    .teaches = "Query tiles outside: O, l and m stay on chip, one division at the end, hidden tiles skipped.",
    .limit = "Shared memory bandwidth: two 4-byte loads per multiply-add.",
    .source = "Dao 2023, arXiv:2307.08691, section 3.1, algorithm 1 with its line 10 corrected",
    .tiles = kTiles,
    .unsupported = unsupported,
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
