// From 10_two_pass_chunk: one kernel walks over the chunks with the state on chip and makes the outputs as it
// goes. No state is written, k and v are read once, and no second kernel waits for the first.
// Teaches: the other end of the trade: 4 N d accesses, the least there is, for N/C dependent steps.
// Limit: parallelism: heads x tiles of value columns, each of which forms the same scores again.
// Source: Yang et al. 2024, arXiv:2312.06635, algorithm 1 (FlashLinearAttention, non-materialised).
// SPDX-License-Identifier: MIT
#include "kernels/cuda/linear.cuh"
#include "kernels/watch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;

int shared_floats(const LinearShape& shape, int chunk, int block_v) {
  return chunk * (2 * odd_stride(shape.head_dim) + block_v + chunk + 1 + 1) + shape.head_dim * (block_v + 1);
}

// One block per tile of value columns and head; the state's columns stay in its shared memory. o [H, T, V].
__global__ void __launch_bounds__(kThreads)
    fused(const float* q, const float* k, const float* v, float* o, StateArrays state, LinearShape shape,
          int chunk, int block_v) {
  extern __shared__ float shared[];
  const int stride = odd_stride(shape.head_dim);
  const int a_stride = chunk + 1;
  float* q_tile = shared;                   // [C, K], scale phi(q)
  float* k_tile = q_tile + chunk * stride;  // [C, K], phi(k)
  float* v_tile = k_tile + chunk * stride;  // [C, block_v]
  float* a = v_tile + chunk * block_v;      // [C, C]
  float* s = a + chunk * a_stride;          // [K, block_v]
  float* z = s + shape.head_dim * block_v;  // [K]
  float* denominator = z + shape.head_dim;  // [C]
  const int tid = threadIdx.x;
  const int first_col = blockIdx.x * block_v;
  const int cols = min(block_v, shape.head_dim_v - first_col);
  const size_t head = blockIdx.y;
  const size_t state_at = head * shape.head_dim * shape.head_dim_v + first_col;
  const Matrix q_rows{q_tile, stride, 1};
  const Matrix a_rows{a, a_stride, 1};
  const Matrix v_rows{v_tile, block_v, 1};
  for (int e = tid; e < shape.head_dim * block_v; e += kThreads) {
    const int c = e / block_v;
    const int col = e % block_v;
    s[e] = state.s0 != nullptr && col < cols ? state.s0[state_at + c * shape.head_dim_v + col] : 0.0f;
  }
  for (int c = tid; c < shape.head_dim; c += kThreads) {
    z[c] = state.z0 != nullptr ? state.z0[head * shape.head_dim + c] : 0.0f;
  }

  for (int done = 0; done < shape.seq_len; done += chunk) {
    const size_t first = head * shape.seq_len + done;
    const int valid = min(chunk, shape.seq_len - done);
    __syncthreads();  // the tiles of the previous chunk have been used, the state is updated
    load_features<kThreads>(q_tile, stride, q + first * shape.head_dim, chunk, valid, shape.head_dim, 0,
                            shape.head_dim, shape.elu1, shape.scale);
    load_features<kThreads>(k_tile, stride, k + first * shape.head_dim, chunk, valid, shape.head_dim, 0,
                            shape.head_dim, shape.elu1, 1.0f);
    load_features<kThreads>(v_tile, block_v, v + first * shape.head_dim_v, chunk, valid, shape.head_dim_v,
                            first_col, block_v, false, 1.0f);
    __syncthreads();  // the tiles are complete

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

    for (int r = tid / 32; shape.normalize && r < valid; r += kWarps) {
      denominator[r] = warp_dot(q_rows, r, z, shape.head_dim) + warp_dot(a_rows, r, nullptr, r + 1);
    }
    __syncthreads();  // the denominators are written, and z is free
    // [snippet output]
    for_row_groups<kThreads>(chunk, block_v, [&](int r, int col) {
      float sum[kRowsPerThread] = {};
      add_product(sum, q_rows, Matrix{s, block_v, 1}, r, col, shape.head_dim);
      add_product(sum, a_rows, v_rows, r, col, r + kRowsPerThread);
      for (int i = 0; i < kRowsPerThread && r + i < valid && col < cols; ++i) {
        o[(first + r + i) * shape.head_dim_v + first_col + col] =
            shape.normalize ? sum[i] / denominator[r + i] : sum[i];
      }
    });
    __syncthreads();  // the outputs have read the state before the chunk
    for_row_groups<kThreads>(round_up(shape.head_dim, kRowsPerThread), block_v, [&](int c, int col) {
      float sum[kRowsPerThread] = {};
      add_product(sum, Matrix{k_tile, 1, stride}, v_rows, c, col, chunk);
      for (int i = 0; i < kRowsPerThread && c + i < shape.head_dim; ++i) {
        float& entry = s[(c + i) * block_v + col];
        const float s_new = entry + sum[i];
        entry = s_new;
        watch("S", c + i, first_col + col, s_new);
      }
    });
    // [/snippet]
    for (int c = tid; c < shape.head_dim; c += kThreads) {
      float sum = 0;
#pragma unroll 8
      for (int j = 0; j < chunk; ++j) {
        sum += k_tile[j * stride + c];
      }
      z[c] += sum;
    }
  }
  __syncthreads();  // the last state is complete
  if (state.s != nullptr) {
    for (int e = tid; e < shape.head_dim * cols; e += kThreads) {
      state.s[state_at + e / cols * shape.head_dim_v + e % cols] = s[e / cols * block_v + e % cols];
    }
    for (int c = tid; blockIdx.x == 0 && c < shape.head_dim; c += kThreads) {
      state.z[head * shape.head_dim + c] = z[c];
    }
  }
}

const Param kBlockV = int_param("block_v", "value columns per block", "columns",
                                "Columns of the state that a block owns: 32, 64 or 128.", 32, 32, 128, true);
const Param* const kTiles[] = {&params::chunk, &kBlockV};

void run(Stream& stream, const ParamSet& problem, const ParamSet& tiles, const Buffers& buffers) {
  const LinearProblem p = linear_problem(problem);
  const LinearShape shape = shape_of(p);
  const int chunk = tiles.integer32(params::chunk);
  const int block_v = tiles.integer32(kBlockV);
  launch(stream, fused, dim3(ceil_div(shape.head_dim_v, block_v), static_cast<unsigned>(p.heads)),
         dim3(kThreads), shared_floats(shape, chunk, block_v) * sizeof(float), buffers.f32("q"),
         buffers.f32("k"), buffers.f32("v"), buffers.f32("o"), state_arrays(p, buffers, true), shape, chunk,
         block_v);
}

std::string unsupported(const ParamSet& problem, const ParamSet& tiles) {
  if (std::string why =
          built_sizes(tiles, params::chunk, {16, 32, 64}) + built_sizes(tiles, kBlockV, {32, 64, 128});
      !why.empty()) {
    return why;
  }
  return shared_memory_limit(shared_floats(shape_of(linear_problem(problem)), tiles.integer32(params::chunk),
                                           tiles.integer32(kBlockV)),
                             "chunk or block_v");
}

// v and o once, q and k once per tile of value columns: 4 N d when one block owns a head.
double modelled_accesses(const ParamSet& problem, const ParamSet& tiles) {
  const LinearProblem p = linear_problem(problem);
  const double col_tiles = ceil_div(static_cast<int>(p.head_dim_v), tiles.integer32(kBlockV));
  return 2 * p.tokens() * (col_tiles * static_cast<double>(p.head_dim) + static_cast<double>(p.head_dim_v)) +
         p.passed_states();
}

const Rung kRung{.op = "causal_linear",
                 .id = "20_fused_chunk",
                 .title = "One kernel, the state stays on chip",
                 .teaches = "Outputs and state update in one walk over the chunks: 4 N d accesses.",
                 .limit = "Parallelism: heads x value tiles; the chunks of a head wait for each other.",
                 .source = "Yang et al. 2024, arXiv:2312.06635, algorithm 1, non-materialised",
                 .tiles = kTiles,
                 .unsupported = unsupported,
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
