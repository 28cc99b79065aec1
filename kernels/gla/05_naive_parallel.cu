// From 00_recurrent: all tokens at once, as the textbook has it: O = ((Q * B)(K / B)^T * M) V with B the
// cumulative product of the gates over the whole sequence.
// Teaches: a vector gate does not leave the product; dividing by B is what overflows.
// Limit: range. 1 / B leaves fp32 when a channel has decayed by e^-88: 0.9 per step survives 840 tokens.
// Source: Yang et al. 2024, arXiv:2312.06635, section 4.1 (the form that it warns of).
// SPDX-License-Identifier: MIT
#include "kernels/cuda/linear.cuh"
#include "kernels/gla_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;
constexpr int kBlock = 32;  // queries and keys of a tile

// One block per head, thread per channel: q_b = scale q B, k_b = k / B [H, T, K], and B of the last token.
__global__ void scale_by_gates(const float* q, const float* k, const float* g, float* q_b, float* k_b,
                               float* last, LinearShape shape) {
  const int c = threadIdx.x;
  if (c >= shape.head_dim) {
    return;
  }
  size_t at = static_cast<size_t>(blockIdx.x) * shape.seq_len * shape.head_dim + c;
  float b = 1;
  for (int t = 0; t < shape.seq_len; ++t, at += shape.head_dim) {
    b *= expf(g[at]);
    q_b[at] = shape.scale * q[at] * b;
    k_b[at] = k[at] / b;
  }
  last[blockIdx.x * shape.head_dim + c] = b;
}

int shared_floats(const LinearShape& shape) {
  return kBlock * (2 * odd_stride(shape.head_dim) + 2 * shape.head_dim_v + kBlock + 1);
}

// One block per tile of queries and head. o [H, T, V] = (q_b k_b^T * M) v + q_b S0.
__global__ void __launch_bounds__(kThreads) masked_product(const float* q_b, const float* k_b, const float* v,
                                                           const float* s0, float* o, LinearShape shape) {
  extern __shared__ float shared[];
  const int K = odd_stride(shape.head_dim);
  const int V = shape.head_dim_v;
  float* q_tile = shared;               // [kBlock, K]
  float* k_tile = q_tile + kBlock * K;  // [kBlock, K]
  float* v_tile = k_tile + kBlock * K;  // [kBlock, V]
  float* o_tile = v_tile + kBlock * V;  // [kBlock, V]
  float* a = o_tile + kBlock * V;       // [kBlock, kBlock]
  const size_t head = blockIdx.y;
  const int first_row = blockIdx.x * kBlock;
  const size_t start = head * shape.seq_len;
  const int rows = min(kBlock, shape.seq_len - first_row);
  load_features<kThreads>(q_tile, K, q_b + (start + first_row) * shape.head_dim, kBlock, rows, shape.head_dim,
                          0, shape.head_dim, false, 1.0f);
  __syncthreads();  // q is complete
  for_row_groups<kThreads>(kBlock, V, [&](int r, int col) {
    float sum[kRowsPerThread] = {};
    if (s0 != nullptr) {
      const Matrix state{s0 + head * shape.head_dim * V, V, 1};
      add_product(sum, Matrix{q_tile, K, 1}, state, r, col, shape.head_dim);
    }
    for (int i = 0; i < kRowsPerThread; ++i) {
      o_tile[(r + i) * V + col] = sum[i];
    }
  });
  for (int first_key = 0; first_key <= first_row; first_key += kBlock) {
    const int keys = min(kBlock, shape.seq_len - first_key);
    __syncthreads();  // k, v and the scores of the previous tile have been used
    load_features<kThreads>(k_tile, K, k_b + (start + first_key) * shape.head_dim, kBlock, keys,
                            shape.head_dim, 0, shape.head_dim, false, 1.0f);
    load_features<kThreads>(v_tile, V, v + (start + first_key) * V, kBlock, keys, V, 0, V, false, 1.0f);
    __syncthreads();  // k and v are complete
    for_row_groups<kThreads>(kBlock, kBlock, [&](int r, int j) {
      float sum[kRowsPerThread] = {};
      add_product(sum, Matrix{q_tile, K, 1}, Matrix{k_tile, 1, K}, r, j, shape.head_dim);
      for (int i = 0; i < kRowsPerThread; ++i) {  // by selection: a factor 0 would turn inf into NaN
        a[(r + i) * (kBlock + 1) + j] = first_key + j <= first_row + r + i ? sum[i] : 0.0f;
      }
    });
    __syncthreads();  // the masked scores are written
    for_row_groups<kThreads>(kBlock, V, [&](int r, int col) {
      float sum[kRowsPerThread] = {};
      add_product(sum, Matrix{a, kBlock + 1, 1}, Matrix{v_tile, V, 1}, r, col, kBlock);
      for (int i = 0; i < kRowsPerThread; ++i) {
        o_tile[(r + i) * V + col] += sum[i];
      }
    });
  }
  __syncthreads();  // the outputs are complete
  for (int e = threadIdx.x; e < rows * V; e += kThreads) {
    o[(start + first_row) * V + e] = o_tile[e];
  }
}

// One block per channel and head, thread per value column: S = B_N (S0 + k_b^T v).
__global__ void last_state(const float* k_b, const float* v, const float* last, const float* s0, float* s,
                           LinearShape shape) {
  const int c = blockIdx.x;
  const int col = threadIdx.x;
  if (col >= shape.head_dim_v) {
    return;
  }
  const size_t head = blockIdx.y;
  const size_t at = (head * shape.head_dim + c) * shape.head_dim_v + col;
  float sum = s0[at];
  for (int t = 0; t < shape.seq_len; ++t) {
    const size_t token = head * shape.seq_len + t;
    sum += k_b[token * shape.head_dim + c] * v[token * shape.head_dim_v + col];
  }
  s[at] = last[head * shape.head_dim + c] * sum;
}

const Param* const kTiles[] = {&params::refuse_overflow};

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const GlaProblem p = gla_problem(problem);
  const LinearShape shape = shape_of(p);
  const auto heads = static_cast<unsigned>(p.heads);
  const auto bytes = static_cast<std::size_t>(p.heads * p.seq_len * p.head_dim) * sizeof(float);
  auto* q_b = static_cast<float*>(stream.scratch("q_b", bytes));
  auto* k_b = static_cast<float*>(stream.scratch("k_b", bytes));
  auto* last = static_cast<float*>(stream.scratch("last", p.heads * p.head_dim * sizeof(float)));
  const StateArrays state = state_arrays(p, buffers, false);
  launch(stream, scale_by_gates, dim3(heads), dim3(round_up(shape.head_dim, 32)), 0, buffers.f32("q"),
         buffers.f32("k"), buffers.f32("g"), q_b, k_b, last, shape);
  launch(stream, masked_product, dim3(ceil_div(shape.seq_len, kBlock), heads), dim3(kThreads),
         shared_floats(shape) * sizeof(float), q_b, k_b, buffers.f32("v"), state.s0, buffers.f32("o"), shape);
  if (state.s != nullptr) {
    launch(stream, last_state, dim3(shape.head_dim, heads), dim3(round_up(shape.head_dim_v, 32)), 0, k_b,
           buffers.f32("v"), last, state.s0, state.s, shape);
  }
}

std::string unsupported(const ParamSet& problem, const ParamSet& tiles) {
  const GlaProblem p = gla_problem(problem);
  return cumulative_gate_limit(p, tiles, p.seq_len, "raise alpha_min, lower seq_len, or take 30_two_level");
}

const Rung kRung{.op = "gla",
                 .id = "05_naive_parallel",
                 .title = "Textbook parallel form",
                 .teaches = "All tokens at once: gates become factors B on queries and 1/B on keys.",
                 .limit = "Range: 1/B leaves fp32 when a channel has decayed by e^-88; then N^2 work.",
                 .source = "Yang et al. 2024, arXiv:2312.06635, section 4.1",
                 .tiles = kTiles,
                 .unsupported = unsupported};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
