// From 00_naive: four elements per load and store, and a grid of fixed size that strides over the array.
// Teaches: 16-byte accesses need a quarter of the instructions; the last n % 4 elements go one by one.
// Limit: memory bandwidth at 8 bytes per element: nothing is left to save but the kernel itself, by fusing
// the map into the kernel that reads it. Source: CUDA C++ Programming Guide, "Device Memory Accesses".
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "kernels/feature_problem.hpp"
#include "kernels/launch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 256;
constexpr int kMostBlocks = 2048;

__device__ float elu1(float x) {
  return x > 0 ? x + 1 : expf(x);
}

__global__ void elu1_rows(const float* __restrict__ x, float* __restrict__ y, int n) {
  const int quads = n / 4;
  for (int q = blockIdx.x * kThreads + threadIdx.x; q < quads; q += gridDim.x * kThreads) {
    const float4 a = reinterpret_cast<const float4*>(x)[q];
    reinterpret_cast<float4*>(y)[q] = make_float4(elu1(a.x), elu1(a.y), elu1(a.z), elu1(a.w));
  }
  const int rest = 4 * quads + threadIdx.x;
  if (blockIdx.x == 0 && rest < n) {
    y[rest] = elu1(x[rest]);
  }
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  const int n = static_cast<int>(p.rows() * p.head_dim);
  const int blocks = std::min((n + 4 * kThreads - 1) / (4 * kThreads), kMostBlocks);
  launch(stream, elu1_rows, dim3(blocks), dim3(kThreads), 0, buffers.f32("x"), buffers.f32("y"), n);
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const FeatureProblem p = feature_problem(problem);
  return 2.0 * static_cast<double>(p.rows() * p.head_dim);
}

const Rung kRung{.op = "feature_elu1",
                 .id = "10_vectorised",
                 .title = "float4, grid stride",
                 .teaches = "16 bytes per load and store; a grid of fixed size strides over the array.",
                 .limit = "Memory bandwidth at 8 bytes per element; only fusing the map saves more.",
                 .source = "CUDA C++ Programming Guide, \"Device Memory Accesses\"",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
