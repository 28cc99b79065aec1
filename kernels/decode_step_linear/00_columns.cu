// One token into a linear state, one block per head: a thread walks down its value column, updates it and
// sums the answer as it goes. Teaches: the work per token is the state's size, 2 (K V + K) elements, however
// many tokens came before. Limit: latency: as many blocks as heads, and K loads that wait for nothing but are
// issued a few at a time. Source: Katharopoulos et al. 2020, arXiv:2006.16236, section 3.4.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/linear.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

// One block per head, thread per value column. o [H, 1, V], S [H, K, V], z [H, K].
__global__ void step(const float* q, const float* k, const float* v, float* o, StateArrays state,
                     LinearShape shape) {
  extern __shared__ float shared[];
  float* q_row = shared;                  // [K], scale phi(q)
  float* k_row = q_row + shape.head_dim;  // [K], phi(k)
  float* z = k_row + shape.head_dim;      // [K]
  const size_t head = blockIdx.x;
  for (int c = threadIdx.x; c < shape.head_dim; c += blockDim.x) {
    const size_t at = head * shape.head_dim + c;
    q_row[c] = shape.scale * feature(q[at], shape.elu1);
    k_row[c] = feature(k[at], shape.elu1);
    z[c] = state.z0[at] + k_row[c];
    state.z[at] = z[c];
  }
  __syncthreads();  // the features and z are complete
  const int col = threadIdx.x;
  if (col >= shape.head_dim_v) {
    return;
  }
  const float v_col = v[head * shape.head_dim_v + col];
  float sum = 0;
  float denominator = 0;
  for (int c = 0; c < shape.head_dim; ++c) {
    const size_t at = (head * shape.head_dim + c) * shape.head_dim_v + col;
    const float entry = state.s0[at] + k_row[c] * v_col;
    state.s[at] = entry;
    sum += q_row[c] * entry;
    denominator += q_row[c] * z[c];
  }
  o[head * shape.head_dim_v + col] = shape.normalize ? sum / denominator : sum;
}

LinearProblem step_problem(const ParamSet& problem) {
  LinearProblem p = linear_problem(problem);
  p.pass_state = true;
  return p;
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const LinearProblem p = step_problem(problem);
  const LinearShape shape = shape_of(p);
  launch(stream, step, dim3(static_cast<unsigned>(p.heads)), dim3(round_up(shape.head_dim_v, 32)),
         3 * shape.head_dim * sizeof(float), buffers.f32("q"), buffers.f32("k"), buffers.f32("v"),
         buffers.f32("o"), state_arrays(p, buffers, true), shape);
}

// q, k, v, o once; S and z read and written: 4 d + 2 d^2 + 2 d.
double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const LinearProblem p = step_problem(problem);
  return 2 * static_cast<double>(p.heads * (p.head_dim + p.head_dim_v)) + p.passed_states();
}

const Rung kRung{
    .op = "decode_step_linear",
    .id = "00_columns",
    .title = "A thread per value column",
    .teaches = "The state is read, updated and asked in one walk: cost independent of the context.",
    .limit = "Latency: as many blocks as heads, K dependent additions per thread.",
    .source = "Katharopoulos et al. 2020, arXiv:2006.16236, section 3.4",
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
