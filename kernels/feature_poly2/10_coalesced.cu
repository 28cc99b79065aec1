// From 00_naive: threads take neighbouring features, whatever (i, j) they are, so that a warp writes 128
// bytes in a row; the row of x waits in shared memory, read in any order for nothing. Teaches: let the output
// decide who does what. Each thread walks down the triangle as its index passes the rows. Limit: memory
// bandwidth of the stores: (d + 1)/2 elements are written for each one read. Source: CUDA C++ Best Practices
// Guide, "Coalesced Access to Global Memory". SPDX-License-Identifier: MIT
#include "kernels/feature_problem.hpp"
#include "kernels/launch.cuh"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kThreads = 128;
constexpr int kMostDim = 128;  // head_dim's largest value
constexpr float kSqrt2 = 1.41421356237309505f;

__global__ void poly2_features(const float* __restrict__ x, float* __restrict__ phi, int d) {
  __shared__ float row[kMostDim];
  const int m = d * (d + 1) / 2;
  float* out = phi + static_cast<size_t>(blockIdx.x) * m;
  for (int i = threadIdx.x; i < d; i += kThreads) {
    row[i] = x[static_cast<size_t>(blockIdx.x) * d + i];
  }
  __syncthreads();  // the row is complete
  for (int i = threadIdx.x; i < d; i += kThreads) {
    out[i] = row[i] * row[i];
  }
  // [snippet walk]
  int i = 0;
  int first = 0;  // packed index of (i, i + 1) behind the squares
  for (int p = threadIdx.x; p < m - d; p += kThreads) {
    while (p >= first + d - i - 1) {
      first += d - i - 1;
      ++i;
    }
    out[d + p] = kSqrt2 * row[i] * row[i + 1 + p - first];
  }
  // [/snippet]
}

void run(Stream& stream, const ParamSet& problem, const ParamSet&, const Buffers& buffers) {
  const FeatureProblem p = feature_problem(problem);
  launch(stream, poly2_features, dim3(static_cast<unsigned>(p.rows())), dim3(kThreads), 0, buffers.f32("x"),
         buffers.f32("phi"), static_cast<int>(p.head_dim));
}

double modelled_accesses(const ParamSet& problem, const ParamSet&) {
  const FeatureProblem p = feature_problem(problem);
  return static_cast<double>(p.rows() * (p.head_dim + p.head_dim * (p.head_dim + 1) / 2));
}

const Rung kRung{.op = "feature_poly2",
                 .id = "10_coalesced",
                 .title = "Neighbouring features per warp",
                 .teaches = "The output decides who does what: a warp writes 128 bytes in a row.",
                 .limit = "Memory bandwidth of the stores, (d + 1)/2 per element read.",
                 .source = "CUDA C++ Best Practices Guide, \"Coalesced Access to Global Memory\"",
                 .modelled_accesses = modelled_accesses};

}  // namespace
}  // namespace alab::ALAB_BUILD_NAMESPACE

ALAB_RUNG(kRung, run)
