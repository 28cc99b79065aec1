// Scores as the formula reads, one thread per score: keys along x, queries along y. Neighbouring lanes of a
// warp read the same column of neighbouring keys, a whole row of k apart. Teaches: what the lanes of a warp
// touch together decides the traffic, not what a thread reads in all. Limit: memory transactions: a load of k
// takes one sector per lane and uses 4 of its 32 bytes. Source: CUDA C++ Programming Guide, "Device Memory
// Accesses" (coalescing). SPDX-License-Identifier: MIT
#include "kernels/cuda/attention.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kSide = 16;  // a block makes 16 x 16 scores

// s [H, T, Tk] = scale q k^T.
__global__ void scores(const float* q, const float* k, float* s, AttentionShape shape) {
  const int key = blockIdx.x * kSide + threadIdx.x;
  const int row = blockIdx.y * kSide + threadIdx.y;
  const size_t head = blockIdx.z;
  if (row >= shape.seq_len || key >= shape.key_len) {
    return;
  }
  const float* q_row = q + (head * shape.seq_len + row) * shape.head_dim;
  const float* k_row = k + (head * shape.key_len + key) * shape.head_dim;
  float sum = 0;
  for (int c = 0; c < shape.head_dim; ++c) {
    sum += q_row[c] * k_row[c];
  }
  s[(head * shape.seq_len + row) * shape.key_len + key] = shape.scale * sum;
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const AttentionProblem p = attention_problem(problem);
  const AttentionShape shape = shape_of(p);
  launch(stream, scores,
         dim3(ceil_div(shape.key_len, kSide), ceil_div(shape.seq_len, kSide), static_cast<unsigned>(p.heads)),
         dim3(kSide, kSide), 0, buffers.f32("q"), buffers.f32("k"), buffers.f32("s"), shape);
}

// Two loads per multiply-add, one store per score: 2 N^2 d + N^2.
double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const AttentionProblem p = attention_problem(problem);
  return static_cast<double>(p.heads * p.seq_len * p.key_len) * static_cast<double>(2 * p.head_dim + 1);
}

const Rung kRung{.op = "attention_scores",
                 .id = "00_naive",
                 .title = "One thread per score",
                 .teaches = "The formula as it reads; neighbouring lanes read neighbouring rows of k.",
                 .limit = "Memory transactions: a load of k takes a sector per lane, 4 of 32 bytes used.",
                 .source = "CUDA C++ Programming Guide, section Device Memory Accesses",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
