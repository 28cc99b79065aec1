// Linear attention as the recurrence reads: token after token S += phi(k)^T v, then o = phi(q) S.
// Teaches: the whole past is one K x V state, kept on chip; a thread owns one value column of it.
// Limit: N steps one after another on one block per head; two barriers and K dependent steps per token.
// Source: Katharopoulos et al. 2020, arXiv:2006.16236, equations 16 to 20.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/linear.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

int shared_floats(const LinearShape& shape) {
  return shape.head_dim * shape.head_dim_v + 3 * shape.head_dim;
}

// One block per head, thread per value column. o [H, T, V].
__global__ void recurrent(const float* q, const float* k, const float* v, float* o, StateArrays state,
                          LinearShape shape) {
  extern __shared__ float shared[];
  float* s = shared;                                 // [K, V]
  float* z = s + shape.head_dim * shape.head_dim_v;  // [K]
  float* q_t = z + shape.head_dim;                   // [K], scale phi(q) of this token
  float* k_t = q_t + shape.head_dim;                 // [K], phi(k)
  const int tid = threadIdx.x;
  const int threads = blockDim.x;
  const int state_size = shape.head_dim * shape.head_dim_v;
  const size_t head = blockIdx.x;
  q += head * shape.seq_len * shape.head_dim;
  k += head * shape.seq_len * shape.head_dim;
  v += head * shape.seq_len * shape.head_dim_v;
  o += head * shape.seq_len * shape.head_dim_v;
  for (int i = tid; i < state_size; i += threads) {
    s[i] = state.s0 != nullptr ? state.s0[head * state_size + i] : 0.0f;
  }
  for (int c = tid; c < shape.head_dim; c += threads) {
    z[c] = state.z0 != nullptr ? state.z0[head * shape.head_dim + c] : 0.0f;
  }

  for (int t = 0; t < shape.seq_len; ++t) {
    __syncthreads();  // q_t, k_t and z of the previous token have been used
    for (int c = tid; c < shape.head_dim; c += threads) {
      q_t[c] = shape.scale * feature(q[static_cast<size_t>(t) * shape.head_dim + c], shape.elu1);
      k_t[c] = feature(k[static_cast<size_t>(t) * shape.head_dim + c], shape.elu1);
      z[c] += k_t[c];
    }
    __syncthreads();  // q_t, k_t and z are complete
    // [snippet step]
    if (tid < shape.head_dim_v) {
      const size_t at = static_cast<size_t>(t) * shape.head_dim_v + tid;
      const float v_t = v[at];
      float sum = 0;
      float denominator = 0;
      for (int c = 0; c < shape.head_dim; ++c) {
        float& entry = s[c * shape.head_dim_v + tid];  // always the same thread's
        entry += k_t[c] * v_t;
        sum += q_t[c] * entry;
        denominator += q_t[c] * z[c];
      }
      o[at] = shape.normalize ? sum / denominator : sum;
    }
    // [/snippet]
  }
  __syncthreads();  // the last state is complete
  if (state.s != nullptr) {
    for (int i = tid; i < state_size; i += threads) {
      state.s[head * state_size + i] = s[i];
    }
    for (int c = tid; c < shape.head_dim; c += threads) {
      state.z[head * shape.head_dim + c] = z[c];
    }
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const LinearProblem p = linear_problem(problem);
  const LinearShape shape = shape_of(p);
  launch(stream, recurrent, dim3(static_cast<unsigned>(p.heads)), dim3(round_up(shape.head_dim_v, 32)),
         shared_floats(shape) * sizeof(float), buffers.f32("q"), buffers.f32("k"), buffers.f32("v"),
         buffers.f32("o"), state_arrays(p, buffers, true), shape);
}

// q, k, v and o once: 4 N d, and the states that are passed.
double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const LinearProblem p = linear_problem(problem);
  return 2 * p.tokens() * static_cast<double>(p.head_dim + p.head_dim_v) + p.passed_states();
}

const Rung kRung{.op = "causal_linear",
                 .id = "00_recurrent",
                 .title = "Token by token",
                 .teaches = "The recurrence as it reads: the past is one K x V state on chip.",
                 .limit = "Latency: N dependent steps, and only as many blocks as heads.",
                 .source = "Katharopoulos et al. 2020, arXiv:2006.16236, equations 16-20",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
