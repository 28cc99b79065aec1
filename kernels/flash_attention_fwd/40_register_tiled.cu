// From 30_fa2_order: every thread owns a small rectangle of scores and of output in registers and reads
// tiles four floats at a time. K is stored transposed: S = Q K^T and O = P V are then the same inner loop.
// Teaches: registers as the third level of tiling; a row's statistics live in the 8 lanes that share it.
// Limit: fp32 FMA units without tensor cores; registers and shared memory allow only 8 to 12 warps per SM.
// Source: Dao 2023, arXiv:2307.08691, section 3.3 (warps split Q); Volkov, Demmel 2008 (register
// blocking).
// SPDX-License-Identifier: MIT
#include "kernels/cuda/attention.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kLaneRows = 4;  // a warp is 4 rows x 8 columns of threads
constexpr int kLaneCols = 8;

// Everything that follows from the sizes. depth: head_dim and head_dim_v rounded up to 32, 64 or 128.
template <int depth, int block_m, int block_n>
struct Plan {
  static_assert(depth % 32 == 0 && block_n % 32 == 0, "8 lanes x float4 cover 32 columns");
  static constexpr int kRows =
      depth <= 64 && block_m >= 128 ? 8 : 4;  // per thread: 8 x 16 accumulators would spill
  static_assert(block_m % (kLaneRows * kRows) == 0, "every warp holds kLaneRows x kRows rows");
  static constexpr int kThreads = block_m / kRows * kLaneCols;
  static constexpr int kScoreVecs = block_n / 32;  // float4 of scores per row and thread
  static constexpr int kOutVecs = depth / 32;      // float4 of output per row and thread
  // Strides in floats, multiples of 4 that put what one quarter warp touches into different banks.
  static constexpr int kQStride = depth + 4;
  static constexpr int kKStride = block_n + 4;
  static constexpr int kPStride = block_n + 16;
  static constexpr int kSharedFloats = block_m * (kQStride + kPStride) + depth * kKStride + block_n * depth;
};

// sum[r][n] += sum over c < depth (a multiple of 4) of a[r * kLaneRows][c] * b[c][n * 32 .. + 3].
// a: this thread's first row, [rows, depth]; b: this thread's first column, [depth, 32 vecs].
// [snippet outer_product]
template <int rows, int vecs>
__device__ void accumulate(float4 (&sum)[rows][vecs], const float* a, int a_stride, const float* b,
                           int b_stride, int depth) {
#pragma unroll 1
  for (int c = 0; c < depth; c += 4) {
    float4 a_part[rows];  // 4 neighbouring c of each row
#pragma unroll
    for (int r = 0; r < rows; ++r) {
      a_part[r] = *reinterpret_cast<const float4*>(a + r * kLaneRows * a_stride + c);
    }
#pragma unroll
    for (int i = 0; i < 4; ++i) {
#pragma unroll
      for (int n = 0; n < vecs; ++n) {
        const float4 b_part = *reinterpret_cast<const float4*>(b + (c + i) * b_stride + n * 32);
#pragma unroll
        for (int r = 0; r < rows; ++r) {
          const float4 x = a_part[r];
          add_scaled(sum[r][n], i == 0 ? x.x : (i == 1 ? x.y : (i == 2 ? x.z : x.w)), b_part);
        }
      }
    }
  }
}
// [/snippet]

// Over the 8 lanes that share a row: they differ in bits 1 to 3.
template <class Combine>
__device__ float reduce_row(float x, Combine combine) {
#pragma unroll
  for (int bit = 2; bit <= 8; bit *= 2) {
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, bit));
  }
  return x;
}

// One block per query tile and head. o [H, T, V], logsumexp [H, T].
template <int depth, int block_m, int block_n>
__global__ void __launch_bounds__(Plan<depth, block_m, block_n>::kThreads)
    flash_fwd(const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,
              const float* __restrict__ mask, float* __restrict__ o, float* __restrict__ logsumexp,
              AttentionShape shape) {
  using P = Plan<depth, block_m, block_n>;
  extern __shared__ float4 shared[];
  float* q_tile = reinterpret_cast<float*>(shared);  // [block_m, depth], times softmax_scale
  float* k_tile = q_tile + block_m * P::kQStride;    // [depth, block_n], transposed
  float* v_tile = k_tile + depth * P::kKStride;      // [block_n, depth]
  float* p_tile = v_tile + block_n * depth;  // [block_m, block_n], a row is written and read by one warp
  const int lane = threadIdx.x % 32;
  // Neighbouring lanes differ in row, so that pairs of lanes read the same float4 of b: half the wavefronts.
  const int lane_row = (lane & 1) | (lane >> 4 << 1);
  const int col = (lane >> 1 & 7) * 4;  // first of this thread's columns
  const int row =
      threadIdx.x / 32 * (kLaneRows * P::kRows) + lane_row;      // first of this thread's rows, in the tile
  const int first_row = (gridDim.x - 1 - blockIdx.x) * block_m;  // the longest causal rows start first
  const int rows = min(block_m, shape.seq_len - first_row);
  const size_t head = blockIdx.y;
  k += head * shape.key_len * shape.head_dim;
  v += head * shape.key_len * shape.head_dim_v;
  load_rows<P::kThreads, block_m, depth>(q_tile, P::kQStride,
                                         q + (head * shape.seq_len + first_row) * shape.head_dim, rows,
                                         shape.head_dim, shape.scale);

  float4 out[P::kRows][P::kOutVecs] = {};  // un-normalised O: rows row + 4 r, columns col + 32 n
  float m[P::kRows];                       // the same in the 8 lanes of a row
  float l[P::kRows] = {};                  // this lane's share; summed over the 8 lanes at the end
#pragma unroll
  for (int r = 0; r < P::kRows; ++r) {
    m[r] = -INFINITY;
  }

  const int visible = shape.visible_keys(first_row + rows - 1);  // of the last row, which sees most
  for (int first_key = 0; first_key < visible; first_key += block_n) {
    const int keys = min(block_n, shape.key_len - first_key);
    __syncthreads();  // k and v of the previous tile have been used
    load_transposed<P::kThreads, block_n, depth>(
        k_tile, P::kKStride, k + static_cast<size_t>(first_key) * shape.head_dim, keys, shape.head_dim);
    load_rows<P::kThreads, block_n, depth>(
        v_tile, depth, v + static_cast<size_t>(first_key) * shape.head_dim_v, keys, shape.head_dim_v, 1.0f);
    __syncthreads();  // q, k and v tiles are complete

    float4 s[P::kRows][P::kScoreVecs] = {};  // rows row + 4 r, keys col + 32 n
    accumulate(s, q_tile + row * P::kQStride, P::kQStride, k_tile + col, P::kKStride,
               (shape.head_dim + 3) / 4 * 4);
    if (mask != nullptr ||
        first_key + block_n > shape.visible_keys(first_row)) {  // some score of the tile is hidden
#pragma unroll
      for (int r = 0; r < P::kRows; ++r) {
#pragma unroll
        for (int n = 0; n < P::kScoreVecs; ++n) {
          const int query = first_row + row + r * kLaneRows;
          const int key = first_key + col + n * 32;
          s[r][n].x += score_bias(mask, shape, query, key);
          s[r][n].y += score_bias(mask, shape, query, key + 1);
          s[r][n].z += score_bias(mask, shape, query, key + 2);
          s[r][n].w += score_bias(mask, shape, query, key + 3);
        }
      }
    }

    // [snippet statistics]
#pragma unroll
    for (int r = 0; r < P::kRows; ++r) {
      float m_new = m[r];
#pragma unroll
      for (int n = 0; n < P::kScoreVecs; ++n) {
        m_new = fmaxf(m_new, fmaxf(fmaxf(s[r][n].x, s[r][n].y), fmaxf(s[r][n].z, s[r][n].w)));
      }
      m_new = reduce_row(m_new, [](float a, float b) { return fmaxf(a, b); });
      const float shift = exponent_shift(m_new);
      const float keep_old = expf(m[r] - shift);
      m[r] = m_new;
      l[r] *= keep_old;
#pragma unroll
      for (int n = 0; n < P::kOutVecs; ++n) {
        out[r][n] = times(keep_old, out[r][n]);
      }
#pragma unroll
      for (int n = 0; n < P::kScoreVecs; ++n) {
        const float4 p = make_float4(expf(s[r][n].x - shift), expf(s[r][n].y - shift),
                                     expf(s[r][n].z - shift), expf(s[r][n].w - shift));
        l[r] += p.x + p.y + (p.z + p.w);
        *reinterpret_cast<float4*>(p_tile + (row + r * kLaneRows) * P::kPStride + col + n * 32) = p;
      }
    }
    // [/snippet]
    __syncwarp();  // this warp's rows of P are written; no other warp reads them
    accumulate(out, p_tile + row * P::kPStride, P::kPStride, v_tile + col, depth, block_n);
  }

#pragma unroll
  for (int r = 0; r < P::kRows; ++r) {
    const int i = row + r * kLaneRows;
    const float sum = reduce_row(l[r], [](float a, float b) { return a + b; });
    if (i < rows) {
      const size_t at = head * shape.seq_len + first_row + i;
#pragma unroll
      for (int n = 0; n < P::kOutVecs; ++n) {
        store4(o + at * shape.head_dim_v, col + n * 32, shape.head_dim_v, shape.head_dim_v % 4 == 0,
               times(sum > 0 ? 1.0f / sum : 0.0f, out[r][n]));
      }
      if (col == 0) {
        logsumexp[at] = exponent_shift(m[r]) + logf(sum);
      }
    }
  }
}

const Param kBlockM = int_param("block_m", "query rows per tile", "rows",
                                "Query rows that a block owns: 64 or 128.", 64, 64, 128, true);
const Param kBlockN = int_param("block_n", "key columns per tile", "columns",
                                "Keys loaded together: 32 or 64.", 64, 32, 64, true);
const Param* const kTiles[] = {&kBlockM, &kBlockN};

template <class Use>
void with_plan(const AttentionProblem& p, const ParamSet& tiles, Use use) {
  with_constant<32, 64, 128>(std::max(p.head_dim, p.head_dim_v), [&](auto depth) {
    with_constant<64, 128>(tiles.integer(kBlockM), [&](auto block_m) {
      with_constant<32, 64>(tiles.integer(kBlockN), [&](auto block_n) { use(depth, block_m, block_n); });
    });
  });
}

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const AttentionProblem p = attention_problem(problem);
  const AttentionShape shape = shape_of(p);
  const float* mask = p.masked ? buffers.f32("mask") : nullptr;
  with_plan(p, tiles, [&](auto depth, auto block_m, auto block_n) {
    using P = Plan<depth(), block_m(), block_n()>;
    launch(stream, flash_fwd<depth(), block_m(), block_n()>,
           dim3(ceil_div(shape.seq_len, block_m()), static_cast<unsigned>(p.heads)), dim3(P::kThreads),
           P::kSharedFloats * sizeof(float), buffers.f32("q"), buffers.f32("k"), buffers.f32("v"), mask,
           buffers.f32("o"), buffers.f32("logsumexp"), shape);
  });
}

std::string unsupported(const ParamSet& problem, const ParamSet& tiles) {
  const AttentionProblem p = attention_problem(problem);
  if (std::string why = built_sizes(tiles, kBlockM, {64, 128}) + built_sizes(tiles, kBlockN, {32, 64});
      !why.empty()) {
    return why;
  }
  int floats = 0;
  with_plan(p, tiles, [&](auto depth, auto m, auto n) { floats = Plan<depth(), m(), n()>::kSharedFloats; });
  return shared_memory_limit(floats, "block_m or block_n");
}

// As 30_fa2_order: q, O and logsumexp once, the visible keys and values once per query tile.
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
    .id = "40_register_tiled",
    .title = "Register tiles",
    .teaches = "Each thread keeps a rectangle of scores and output in registers and reads tiles by float4.",
    .limit = "fp32 FMA rate: no tensor cores; registers allow 8 to 12 warps per SM.",
    .source = "Dao 2023, arXiv:2307.08691, section 3.3; Volkov, Demmel 2008 (register blocking)",
    .tiles = kTiles,
    .unsupported = unsupported,
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
