// Attention as the formula reads: one kernel for S = scale Q K^T, one for the row softmax, one for O = P V.
// Teaches: where the N x N scores live. S is written to global memory, replaced by P, and read again.
// Limit: N^2 scores in global memory; every multiply-add fetches both operands through the caches.
// Source: Dao et al. 2022, arXiv:2205.14135, algorithm 0.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/attention.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kSide = 16;      // a block makes 16 x 16 results, one per thread
constexpr int kThreads = 128;  // of the softmax, one block per row
constexpr int kWarps = kThreads / 32;

// S [H, T, Tk] = scale q k^T + mask, -inf where the query does not see the key.
__global__ void scores(const float* q, const float* k, const float* mask, float* s, AttentionShape shape) {
  const int key = blockIdx.x * kSide + threadIdx.x;
  const int row = blockIdx.y * kSide + threadIdx.y;
  const size_t head = blockIdx.z;
  if (row >= shape.seq_len || key >= shape.key_len) {
    return;
  }
  const float* q_row = q + (head * shape.seq_len + row) * shape.head_dim;  // [K]
  const float* k_row = k + (head * shape.key_len + key) * shape.head_dim;  // [K]
  float sum = 0;
  for (int c = 0; c < shape.head_dim; ++c) {
    sum += q_row[c] * k_row[c];
  }
  s[(head * shape.seq_len + row) * shape.key_len + key] =
      shape.scale * sum + score_bias(mask, shape, row, key);
}

// Maximum or sum over the block, known to every thread afterwards.
template <class Combine>
__device__ float reduce_block(float x, Combine combine) {
  __shared__ float per_warp[kWarps];
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, lanes));
  }
  __syncthreads();  // the previous reduction has been read
  if (threadIdx.x % 32 == 0) {
    per_warp[threadIdx.x / 32] = x;
  }
  __syncthreads();  // all warps have written
  x = per_warp[0];
  for (int w = 1; w < kWarps; ++w) {
    x = combine(x, per_warp[w]);
  }
  return x;
}

// P = softmax(S) in place, one row per block; the row is read once and kept in shared memory.
__global__ void softmax_rows(float* s, float* logsumexp, AttentionShape shape) {
  extern __shared__ float kept[];  // [Tk]
  const size_t row = static_cast<size_t>(blockIdx.y) * shape.seq_len + blockIdx.x;
  float* s_row = s + row * shape.key_len;
  float row_max = -INFINITY;
  for (int j = threadIdx.x; j < shape.key_len; j += kThreads) {
    kept[j] = s_row[j];
    row_max = fmaxf(row_max, kept[j]);
  }
  row_max = reduce_block(row_max, [](float a, float b) { return fmaxf(a, b); });
  const float shift = exponent_shift(row_max);
  float sum = 0;
  for (int j = threadIdx.x; j < shape.key_len; j += kThreads) {
    kept[j] = expf(kept[j] - shift);
    sum += kept[j];
  }
  sum = reduce_block(sum, [](float a, float b) { return a + b; });
  for (int j = threadIdx.x; j < shape.key_len; j += kThreads) {
    s_row[j] = sum > 0 ? kept[j] / sum : 0.0f;
  }
  if (threadIdx.x == 0) {
    logsumexp[row] = shift + logf(sum);  // log 0 = -inf: the row saw no key
  }
}

// O [H, T, V] = P v, one thread per element.
__global__ void weighted_values(const float* p, const float* v, float* o, AttentionShape shape) {
  const int col = blockIdx.x * kSide + threadIdx.x;
  const int row = blockIdx.y * kSide + threadIdx.y;
  const size_t head = blockIdx.z;
  if (row >= shape.seq_len || col >= shape.head_dim_v) {
    return;
  }
  const float* p_row = p + (head * shape.seq_len + row) * shape.key_len;  // [Tk]
  const float* v_col = v + head * shape.key_len * shape.head_dim_v + col;
  float sum = 0;
  for (int j = 0; j < shape.key_len; ++j) {
    sum += p_row[j] * v_col[static_cast<size_t>(j) * shape.head_dim_v];
  }
  o[(head * shape.seq_len + row) * shape.head_dim_v + col] = sum;
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const AttentionProblem p = attention_problem(problem);
  const AttentionShape shape = shape_of(p);
  const int heads = static_cast<int>(p.heads);
  const auto score_count = static_cast<std::size_t>(p.heads * p.seq_len * p.key_len);
  auto* s = static_cast<float*>(stream.scratch("scores", score_count * sizeof(float)));
  const float* mask = p.masked ? buffers.f32("mask") : nullptr;
  const int row_tiles = ceil_div(shape.seq_len, kSide);
  launch(stream, scores, dim3(ceil_div(shape.key_len, kSide), row_tiles, heads), dim3(kSide, kSide), 0,
         buffers.f32("q"), buffers.f32("k"), mask, s, shape);
  launch(stream, softmax_rows, dim3(shape.seq_len, heads), dim3(kThreads), shape.key_len * sizeof(float), s,
         buffers.f32("logsumexp"), shape);
  launch(stream, weighted_values, dim3(ceil_div(shape.head_dim_v, kSide), row_tiles, heads),
         dim3(kSide, kSide), 0, s, buffers.f32("v"), buffers.f32("o"), shape);
}

std::string unsupported(const ParamSet& problem, const ParamSet&) {
  const AttentionProblem p = attention_problem(problem);
  return shared_memory_limit(p.key_len, "key_len: the softmax keeps one row of scores there");
}

// Algorithm 0: every operand of the three steps is read once, every result written once: 4 N^2 + 4 N d.
double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const AttentionProblem p = attention_problem(problem);
  const auto T = static_cast<double>(p.seq_len);
  const auto Tk = static_cast<double>(p.key_len);
  const auto width = static_cast<double>(p.head_dim + p.head_dim_v);
  return static_cast<double>(p.heads) * (4 * T * Tk + (T + Tk) * width + T);
}

const Rung kRung{
    .op = "flash_attention_fwd",
    .id = "00_naive",
    .title = "Three kernels",
    .teaches = "Scores, softmax and weighted values as three kernels with the N x N matrix between them.",
    .limit = "Global memory: N^2 scores are written twice and read twice, and no operand is reused on chip.",
    .source = "Dao et al. 2022, arXiv:2205.14135, algorithm 0",
    .unsupported = unsupported,
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
