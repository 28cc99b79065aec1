// From 00_naive: k is transposed once, so that the column that the lanes of a warp need is one run of
// addresses. The product itself is the same.
// Teaches: coalescing is a matter of layout; one pass over N d elements mends N^2 d loads.
// Limit: loads. Every multiply-add still fetches two operands through the caches: 2 N^2 d.
// Source: CUDA C++ Programming Guide, "Device Memory Accesses" (coalescing).
// SPDX-License-Identifier: MIT
#include "kernels/cuda/attention.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kSide = 16;  // a block makes 16 x 16 scores

constexpr int kThreads = 256;

// k [H, Tk, K] to k_columns [H, K, Tk].
__global__ void transpose(const float* k, float* k_columns, AttentionShape shape) {
  const int key = blockIdx.x * kThreads + threadIdx.x;
  const int c = blockIdx.y;
  const size_t head = blockIdx.z;
  if (key < shape.key_len) {
    k_columns[(head * shape.head_dim + c) * shape.key_len + key] =
        k[(head * shape.key_len + key) * shape.head_dim + c];
  }
}

// s [H, T, Tk] = scale q k^T.
__global__ void scores(const float* q, const float* k_columns, float* s, AttentionShape shape) {
  const int key = blockIdx.x * kSide + threadIdx.x;
  const int row = blockIdx.y * kSide + threadIdx.y;
  const size_t head = blockIdx.z;
  if (row >= shape.seq_len || key >= shape.key_len) {
    return;
  }
  const float* q_row = q + (head * shape.seq_len + row) * shape.head_dim;
  const float* k_column = k_columns + head * shape.head_dim * shape.key_len + key;
  float sum = 0;
  for (int c = 0; c < shape.head_dim; ++c) {
    sum += q_row[c] * k_column[static_cast<size_t>(c) * shape.key_len];
  }
  s[(head * shape.seq_len + row) * shape.key_len + key] = shape.scale * sum;
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const AttentionProblem p = attention_problem(problem);
  const AttentionShape shape = shape_of(p);
  const auto heads = static_cast<unsigned>(p.heads);
  auto* k_columns = static_cast<float*>(stream.scratch(
      "k_columns", static_cast<std::size_t>(p.heads * p.key_len * p.head_dim) * sizeof(float)));
  launch(stream, transpose, dim3(ceil_div(shape.key_len, kThreads), shape.head_dim, heads), dim3(kThreads), 0,
         buffers.f32("k"), k_columns, shape);
  launch(stream, scores, dim3(ceil_div(shape.key_len, kSide), ceil_div(shape.seq_len, kSide), heads),
         dim3(kSide, kSide), 0, buffers.f32("q"), k_columns, buffers.f32("s"), shape);
}

// As 00_naive, and k once in and out: the count of accesses does not see which lanes make them.
double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const AttentionProblem p = attention_problem(problem);
  return static_cast<double>(p.heads * p.key_len) *
         static_cast<double>(p.seq_len * (2 * p.head_dim + 1) + 2 * p.head_dim);
}

const Rung kRung{.op = "attention_scores",
                 .id = "10_coalesced",
                 .title = "Keys transposed",
                 .teaches = "k is transposed once: neighbouring lanes then read neighbouring addresses.",
                 .limit = "Loads: two per multiply-add, 2 N^2 d in all, served by the caches.",
                 .source = "CUDA C++ Programming Guide, section Device Memory Accesses",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
