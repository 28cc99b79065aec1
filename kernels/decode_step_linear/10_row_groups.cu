// From 00_columns: a block owns 32 value columns and its eight warps take turns on the rows of the state, so
// that every thread has K / 8 loads in flight at once; the warps' sums meet in shared memory. Teaches: a
// small problem is a latency problem: what counts is how many loads are under way at a time. Limit: the
// launch itself: a state of 16 KB per head takes less time to stream than a kernel to start. Source: CUDA C++
// Best Practices Guide, "Memory Optimizations" (bytes in flight). SPDX-License-Identifier: MIT
#include "kernels/cuda/linear.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;
constexpr int kWarps = kThreads / 32;
constexpr int kInFlight = 8;  // rows that a thread loads before it uses the first

// One block per 32 value columns and head. o [H, 1, V], S [H, K, V], z [H, K].
__global__ void __launch_bounds__(kThreads)
    step(const float* __restrict__ q, const float* __restrict__ k, const float* __restrict__ v,
         float* __restrict__ o, StateArrays state, LinearShape shape) {
  __shared__ float sums[kWarps][32];
  __shared__ float denominators[kWarps];
  const int warp = threadIdx.x / 32;
  const int lane = threadIdx.x % 32;
  const size_t head = blockIdx.y;
  const int col = blockIdx.x * 32 + lane;
  const bool inside = col < shape.head_dim_v;
  const float v_col = inside ? v[head * shape.head_dim_v + col] : 0.0f;
  float sum = 0;
  float denominator = 0;
  for (int base = warp; base < shape.head_dim; base += kWarps * kInFlight) {
    float entry[kInFlight];
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) {
      const int c = base + i * kWarps;
      const bool valid = inside && c < shape.head_dim;
      entry[i] = valid ? state.s0[(head * shape.head_dim + c) * shape.head_dim_v + col] : 0.0f;
    }
#pragma unroll
    for (int i = 0; i < kInFlight; ++i) {
      const int c = base + i * kWarps;  // the same in a warp
      if (c < shape.head_dim) {
        const size_t at = head * shape.head_dim + c;
        const float k_c = feature(k[at], shape.elu1);
        const float q_c = shape.scale * feature(q[at], shape.elu1);
        const float z = state.z0[at] + k_c;
        const float updated = entry[i] + k_c * v_col;
        if (inside) {
          state.s[at * shape.head_dim_v + col] = updated;
        }
        if (blockIdx.x == 0 && lane == 0) {
          state.z[at] = z;
        }
        sum += q_c * updated;
        denominator += q_c * z;
      }
    }
  }
  sums[warp][lane] = sum;
  if (lane == 0) {
    denominators[warp] = denominator;
  }
  __syncthreads();  // every warp's sums are written
  if (warp == 0 && inside) {
    float total = 0;
    float weight = 0;
    for (int w = 0; w < kWarps; ++w) {
      total += sums[w][lane];
      weight += denominators[w];
    }
    o[head * shape.head_dim_v + col] = shape.normalize ? total / weight : total;
  }
}

LinearProblem step_problem(const ParamSet& problem) {
  LinearProblem p = linear_problem(problem);
  p.pass_state = true;
  return p;
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const LinearProblem p = step_problem(problem);
  const LinearShape shape = shape_of(p);
  launch(stream, step, dim3(ceil_div(shape.head_dim_v, 32), static_cast<unsigned>(p.heads)), dim3(kThreads),
         0, buffers.f32("q"), buffers.f32("k"), buffers.f32("v"), buffers.f32("o"),
         state_arrays(p, buffers, true), shape);
}

// As 00_columns, with q, k and z read once per 32 value columns.
double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const LinearProblem p = step_problem(problem);
  const double col_tiles = ceil_div(static_cast<int>(p.head_dim_v), 32);
  return static_cast<double>(p.heads) *
             ((3 * col_tiles + 1) * static_cast<double>(p.head_dim) + 2 * static_cast<double>(p.head_dim_v)) +
         2 * p.state_size();
}

const Rung kRung{.op = "decode_step_linear",
                 .id = "10_row_groups",
                 .title = "Warps share the rows",
                 .teaches = "Eight warps take the rows in turn, eight loads in flight per thread.",
                 .limit = "Launch latency: the state is streamed in less time than a kernel takes to start.",
                 .source = "CUDA C++ Best Practices Guide, section Memory Optimizations",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
