// One query against a cache, one block per head: a thread per key for the scores, then the softmax in shared
// memory, then a thread per value column for the output.
// Teaches: generation reads the whole cache for every token: 2 t d elements for 4 t d flops.
// Limit: parallelism and coalescing: as many blocks as heads, and lanes that read rows of k a row apart.
// Source: Pope et al. 2022, arXiv:2211.05102, section 2 (the cost of reading the cache).
// SPDX-License-Identifier: MIT
#include "kernels/cuda/attention.cuh"
#include "kernels/decode_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 128;
constexpr int kWarps = kThreads / 32;

// Maximum or sum over the block, known to every thread afterwards. per_warp [kWarps] is free again when all
// threads have passed the next barrier.
template <class Combine>
__device__ float reduce_block(float x, float* per_warp, Combine combine) {
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, lanes));
  }
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

// One block per head; the first t rows of each head's capacity are valid. o [H, V].
__global__ void decode(const float* q, const float* k_cache, const float* v_cache, float* o, int t,
                       int capacity, int head_dim, int head_dim_v, float scale) {
  extern __shared__ float shared[];
  __shared__ float maxima[kWarps];
  __shared__ float sums[kWarps];
  float* p = shared;     // [t], scores, then weights
  float* q_row = p + t;  // [K]
  const int tid = threadIdx.x;
  const size_t head = blockIdx.x;
  for (int c = tid; c < head_dim; c += kThreads) {
    q_row[c] = scale * q[head * head_dim + c];
  }
  __syncthreads();  // the query is complete
  float row_max = -INFINITY;
  for (int j = tid; j < t; j += kThreads) {
    const float* k_row = k_cache + (head * capacity + j) * head_dim;
    float s = 0;
    for (int c = 0; c < head_dim; ++c) {
      s += q_row[c] * k_row[c];
    }
    p[j] = s;
    row_max = fmaxf(row_max, s);
  }
  row_max = reduce_block(row_max, maxima, [](float a, float b) { return fmaxf(a, b); });
  float sum = 0;
  for (int j = tid; j < t; j += kThreads) {
    p[j] = expf(p[j] - row_max);
    sum += p[j];
  }
  sum = reduce_block(sum, sums, [](float a, float b) { return a + b; });
  for (int col = tid; col < head_dim_v; col += kThreads) {
    const float* v = v_cache + head * capacity * head_dim_v + col;
    float out = 0;
    for (int j = 0; j < t; ++j) {
      out += p[j] * v[static_cast<size_t>(j) * head_dim_v];
    }
    o[head * head_dim_v + col] = out / sum;
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const DecodeProblem p = decode_problem(problem);
  launch(stream, decode, dim3(static_cast<unsigned>(p.heads)), dim3(kThreads),
         static_cast<std::size_t>(p.context + p.head_dim) * sizeof(float), buffers.f32("q"),
         buffers.f32("k_cache"), buffers.f32("v_cache"), buffers.f32("o"), p.context, p.capacity, p.head_dim,
         p.head_dim_v, p.scale);
}

std::string unsupported(const ParamSet& problem, const ParamSet&) {
  const DecodeProblem p = decode_problem(problem);
  return shared_memory_limit(p.context + p.head_dim + 2 * kWarps, "context: a block keeps all weights there");
}

// q, the cache and o once: 2 t d + 2 d.
double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const DecodeProblem p = decode_problem(problem);
  return static_cast<double>(p.heads * (p.context + 1) * (p.head_dim + p.head_dim_v));
}

const Rung kRung{
    .op = "decode_step_softmax",
    .id = "00_naive",
    .title = "One block per head",
    .teaches = "A thread per key, then a thread per value column: the cache is read once per token.",
    .limit = "Parallelism: as many blocks as heads, whatever the length of the cache.",
    .source = "Pope et al. 2022, arXiv:2211.05102, section 2",
    .unsupported = unsupported,
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
