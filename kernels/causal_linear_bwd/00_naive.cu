// Gradients as the recurrences read: a forward scan over the states gives dq, a reverse scan over their
// gradients gives dk and dv. A thread owns one feature (a row of the state) or one value column.
// Teaches: no state is stored. The forward state is scanned again, and its gradient runs backward in time.
// Limit: 2 N steps one after another on one block per head, each with three or four barriers.
// Source: Katharopoulos et al. 2020, arXiv:2006.16236, equations 13 to 15; normaliser by the quotient rule.
// SPDX-License-Identifier: MIT
#include "kernels/cuda/linear.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

// [H, T, K], [H, T, V] and per token 1 / den and the loss's derivative with respect to den.
struct Arrays {
  const float *q, *k, *v, *d_o;
  float *dq, *dk, *dv, *inverse, *d_denominator;
};

__device__ Arrays head_of(Arrays all, size_t head, const LinearShape& shape) {
  const size_t token = head * shape.seq_len;
  all.q += token * shape.head_dim;
  all.k += token * shape.head_dim;
  all.dq += token * shape.head_dim;
  all.dk += token * shape.head_dim;
  all.v += token * shape.head_dim_v;
  all.d_o += token * shape.head_dim_v;
  all.dv += token * shape.head_dim_v;
  all.inverse += token;
  all.d_denominator += token;
  return all;
}

int shared_floats(const LinearShape& shape) {
  return shape.head_dim * odd_stride(shape.head_dim_v) + 2 * shape.head_dim_v + 2 * shape.head_dim;
}

// One block per head, thread per feature c. With u = S do^T and den = phi(q).z:
// dphi(q) = u / den - (phi(q).u) / den^2 z; un-normalised u alone.
__global__ void query_gradients(Arrays all, LinearShape shape) {
  extern __shared__ float shared[];
  const int stride = odd_stride(shape.head_dim_v);
  float* s = shared;                       // [K, V], row c is this thread's
  float* g = s + shape.head_dim * stride;  // [V], do of this token
  float* v_t = g + shape.head_dim_v;       // [V]
  float* q_u = v_t + shape.head_dim_v;     // [K], terms of phi(q).u
  float* q_z = q_u + shape.head_dim;       // [K], terms of den
  const Arrays a = head_of(all, blockIdx.x, shape);
  const int c = threadIdx.x;
  const bool owner = c < shape.head_dim;
  float z = 0;
  for (int col = 0; owner && col < shape.head_dim_v; ++col) {
    s[c * stride + col] = 0;
  }
  for (int t = 0; t < shape.seq_len; ++t) {
    __syncthreads();  // do, v and the terms of the previous token have been used
    for (int col = c; col < shape.head_dim_v; col += blockDim.x) {
      g[col] = a.d_o[static_cast<size_t>(t) * shape.head_dim_v + col];
      v_t[col] = a.v[static_cast<size_t>(t) * shape.head_dim_v + col];
    }
    __syncthreads();  // do and v are complete
    const size_t at = static_cast<size_t>(t) * shape.head_dim + c;
    const float k_c = owner ? feature(a.k[at], shape.elu1) : 0.0f;
    const float q_c = owner ? shape.scale * feature(a.q[at], shape.elu1) : 0.0f;
    float u = 0;
    z += k_c;
    for (int col = 0; owner && col < shape.head_dim_v; ++col) {
      s[c * stride + col] += k_c * v_t[col];
      u += s[c * stride + col] * g[col];
    }
    if (owner) {
      q_u[c] = q_c * u;
      q_z[c] = q_c * z;
    }
    __syncthreads();  // the terms are written
    float inverse = 1;
    float d_denominator = 0;
    if (shape.normalize) {
      float dot = 0;
      float denominator = 0;
      for (int i = 0; i < shape.head_dim; ++i) {
        dot += q_u[i];
        denominator += q_z[i];
      }
      inverse = 1 / denominator;
      d_denominator = -dot * inverse * inverse;
    }
    if (owner) {
      const float slope = shape.scale * feature_slope(a.q[at], shape.elu1);
      a.dq[at] = slope * (u * inverse + d_denominator * z);
    }
    if (c == 0) {
      a.inverse[t] = inverse;
      a.d_denominator[t] = d_denominator;
    }
  }
}

// One block per head: R = sum over i >= t of phi(q_i)^T do_i / den_i, r the same of d_den_i phi(q_i);
// dphi(k_t) = R v_t + r by the thread of a feature, dv_t = phi(k_t) R by the thread of a value column.
__global__ void key_value_gradients(Arrays all, LinearShape shape) {
  extern __shared__ float shared[];
  const int stride = odd_stride(shape.head_dim_v);
  float* big_r = shared;                       // [K, V]
  float* g = big_r + shape.head_dim * stride;  // [V], do / den of this token
  float* v_t = g + shape.head_dim_v;           // [V]
  float* k_t = v_t + shape.head_dim_v;         // [K], phi(k)
  const Arrays a = head_of(all, blockIdx.x, shape);
  const int tid = threadIdx.x;
  const bool owner = tid < shape.head_dim;
  float r = 0;
  for (int col = 0; owner && col < shape.head_dim_v; ++col) {
    big_r[tid * stride + col] = 0;
  }
  // [snippet reverse]
  for (int t = shape.seq_len - 1; t >= 0; --t) {
    const size_t at = static_cast<size_t>(t) * shape.head_dim + tid;
    const size_t at_v = static_cast<size_t>(t) * shape.head_dim_v + tid;
    __syncthreads();  // R, do and v of the later token have been used
    if (tid < shape.head_dim_v) {
      g[tid] = a.d_o[at_v] * a.inverse[t];
      v_t[tid] = a.v[at_v];
    }
    if (owner) {
      k_t[tid] = feature(a.k[at], shape.elu1);
    }
    __syncthreads();  // do / den, v and phi(k) are complete
    if (owner) {
      const float q_c = shape.scale * feature(a.q[at], shape.elu1);
      float sum = 0;
      for (int col = 0; col < shape.head_dim_v; ++col) {
        big_r[tid * stride + col] += q_c * g[col];
        sum += big_r[tid * stride + col] * v_t[col];
      }
      r += q_c * a.d_denominator[t];
      a.dk[at] = feature_slope(a.k[at], shape.elu1) * (sum + r);
    }
    __syncthreads();  // R holds this token too
    if (tid < shape.head_dim_v) {
      float sum = 0;
      for (int c = 0; c < shape.head_dim; ++c) {
        sum += k_t[c] * big_r[c * stride + tid];
      }
      a.dv[at_v] = sum;
    }
  }
  // [/snippet]
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const LinearProblem p = linear_problem(problem);
  const LinearShape shape = shape_of(p);
  const auto tokens = static_cast<std::size_t>(p.heads * p.seq_len);
  const Arrays all{buffers.f32("q"),
                   buffers.f32("k"),
                   buffers.f32("v"),
                   buffers.f32("do"),
                   buffers.f32("dq"),
                   buffers.f32("dk"),
                   buffers.f32("dv"),
                   static_cast<float*>(stream.scratch("inverse", tokens * sizeof(float))),
                   static_cast<float*>(stream.scratch("d_denominator", tokens * sizeof(float)))};
  const dim3 grid(static_cast<unsigned>(p.heads));
  const std::size_t bytes = shared_floats(shape) * sizeof(float);
  launch(stream, query_gradients, grid, dim3(round_up(shape.head_dim, 32)), bytes, all, shape);
  launch(stream, key_value_gradients, grid, dim3(round_up(std::max(shape.head_dim, shape.head_dim_v), 32)),
         bytes, all, shape);
}

// Each scan reads q, k, v and do; dq, dk, dv once, two floats per token between the scans.
double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const LinearProblem p = linear_problem(problem);
  return p.tokens() * (6 * static_cast<double>(p.head_dim) + 5 * static_cast<double>(p.head_dim_v) + 4);
}

const Rung kRung{
    .op = "causal_linear_bwd",
    .id = "00_naive",
    .title = "Two scans",
    .teaches = "A forward scan over S gives dq, a reverse scan over its gradient gives dk and dv.",
    .limit = "Latency: 2 N dependent steps on one block per head.",
    .source = "Katharopoulos et al. 2020, arXiv:2006.16236, equations 13-15",
    .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
