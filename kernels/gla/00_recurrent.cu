// Gated linear attention as the recurrence reads: S = e^g * S + k^T v, then o = q S, token after token.
// Teaches: the decay belongs to the key channel (a row of S) and comes before the write; it never overflows.
// Limit: N steps one after another on one block per head; two barriers and K dependent steps per token.
// Source: Yang et al. 2024, arXiv:2312.06635, equation 3.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/linear.cuh"
#include "kernels/gla_problem.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

int shared_floats(const LinearShape& shape) {
  return shape.head_dim * shape.head_dim_v + 3 * shape.head_dim;
}

// One block per head, thread per value column. o [H, T, V].
__global__ void recurrent(const float* q, const float* k, const float* v, const float* g, float* o,
                          StateArrays state, LinearShape shape) {
  extern __shared__ float shared[];
  float* s = shared;                                   // [K, V]
  float* q_t = s + shape.head_dim * shape.head_dim_v;  // [K], scale q of this token
  float* k_t = q_t + shape.head_dim;                   // [K]
  float* alpha = k_t + shape.head_dim;                 // [K], e^g
  const int tid = threadIdx.x;
  const int threads = blockDim.x;
  const int state_size = shape.head_dim * shape.head_dim_v;
  const size_t head = blockIdx.x;
  const size_t first = head * shape.seq_len;
  for (int i = tid; i < state_size; i += threads) {
    s[i] = state.s0 != nullptr ? state.s0[head * state_size + i] : 0.0f;
  }
  for (int t = 0; t < shape.seq_len; ++t) {
    __syncthreads();  // q, k and the gates of the previous token have been used
    for (int c = tid; c < shape.head_dim; c += threads) {
      const size_t at = (first + t) * shape.head_dim + c;
      q_t[c] = shape.scale * q[at];
      k_t[c] = k[at];
      alpha[c] = expf(g[at]);
    }
    __syncthreads();  // q, k and the gates are complete
    // [snippet step]
    if (tid < shape.head_dim_v) {
      const size_t at = (first + t) * shape.head_dim_v + tid;
      const float v_t = v[at];
      float sum = 0;
      for (int c = 0; c < shape.head_dim; ++c) {
        float& entry = s[c * shape.head_dim_v + tid];  // always the same thread's
        entry = alpha[c] * entry + k_t[c] * v_t;
        sum += q_t[c] * entry;
      }
      o[at] = sum;
    }
    // [/snippet]
  }
  __syncthreads();  // the last state is complete
  for (int i = tid; state.s != nullptr && i < state_size; i += threads) {
    state.s[head * state_size + i] = s[i];
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const GlaProblem p = gla_problem(problem);
  const LinearShape shape = shape_of(p);
  launch(stream, recurrent, dim3(static_cast<unsigned>(p.heads)), dim3(round_up(shape.head_dim_v, 32)),
         shared_floats(shape) * sizeof(float), buffers.f32("q"), buffers.f32("k"), buffers.f32("v"),
         buffers.f32("g"), buffers.f32("o"), state_arrays(p, buffers, false), shape);
}

// q, k, g, v and o once, and the states that are passed.
double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const GlaProblem p = gla_problem(problem);
  return p.tokens() * static_cast<double>(3 * p.head_dim + 2 * p.head_dim_v) +
         (p.pass_state ? 2 * p.state_size() : 0);
}

const Rung kRung{.op = "gla",
                 .id = "00_recurrent",
                 .title = "Token by token",
                 .teaches = "The recurrence as it reads: decay a row of the state, add, read.",
                 .limit = "Latency: N dependent steps, and only as many blocks as heads.",
                 .source = "Yang et al. 2024, arXiv:2312.06635, equation 3",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
