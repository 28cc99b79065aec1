// Block sums by shared memory and by shuffles: the smallest kernels that use every part of a launch.
// SPDX-License-Identifier: MIT
#include "kernels/launch.cuh"
#include "tests/kernels/samples.hpp"

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

__global__ void shared_sum(const float* x, float* sums, int n) {
  extern __shared__ float partial[];
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  partial[threadIdx.x] = i < n ? x[i] : 0.0f;
  __syncthreads();
  for (unsigned half = blockDim.x / 2; half > 0; half /= 2) {
    if (threadIdx.x < half) {
      partial[threadIdx.x] += partial[threadIdx.x + half];
    }
    __syncthreads();
  }
  if (threadIdx.x == 0) {
    sums[blockIdx.x] = partial[0];
  }
}

template <int threads>
__global__ void __launch_bounds__(threads) warp_sum(const float* __restrict__ x, float* sums, int n) {
  __shared__ float partial[threads / 32];
  const int i = blockIdx.x * threads + threadIdx.x;
  float sum = i < n ? __ldg(x + i) : 0.0f;
#pragma unroll
  for (int delta = 16; delta > 0; delta /= 2) {
    sum += __shfl_xor_sync(0xffffffffu, sum, delta);
  }
  if (threadIdx.x % 32 == 0) {
    partial[threadIdx.x / 32] = sum;
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    float total = 0;
    for (int w = 0; w < threads / 32; ++w) {
      total += partial[w];
    }
    sums[blockIdx.x] = total;
  }
}

std::vector<double> run(Stream& stream, const std::vector<float>& x, bool shuffles) {
  constexpr int kThreads = 128;
  const int n = static_cast<int>(x.size());
  const unsigned blocks = (x.size() + kThreads - 1) / kThreads;
  auto* device_x = static_cast<float*>(stream.array("x", x.size() * sizeof(float)));
  auto* sums = static_cast<float*>(stream.scratch("sums", blocks * sizeof(float)));
  stream.upload(device_x, x.data(), x.size() * sizeof(float));
  if (shuffles) {
    launch(stream, warp_sum<kThreads>, dim3(blocks), dim3(kThreads), 0, device_x, sums, n);
  } else {
    launch(stream, shared_sum, dim3(blocks), dim3(kThreads), kThreads * sizeof(float), device_x, sums, n);
  }
  std::vector<float> result(blocks);
  stream.download(result.data(), sums, blocks * sizeof(float));
  return {result.begin(), result.end()};
}

}  // namespace

extern const samples::Sums sums;
const samples::Sums sums{run};

}  // namespace alab::ALAB_BUILD_NAMESPACE
