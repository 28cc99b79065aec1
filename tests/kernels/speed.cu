// Matrix products for timing the executor's builds against each other.
// SPDX-License-Identifier: MIT
#include "kernels/launch.cuh"
#include "tests/kernels/speed_samples.hpp"

#if !defined(ALAB_BUILD_CUDA)

namespace alab::ALAB_BUILD_NAMESPACE {
namespace {

constexpr int kTile = 32;

// c = a b, all n x n, one thread for each element.
__global__ void naive_product(const float* a, const float* b, float* c, int n) {
  const int row = static_cast<int>(blockIdx.y * blockDim.y + threadIdx.y);
  const int col = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  float sum = 0;
  for (int k = 0; k < n; ++k) {
    sum += a[row * n + k] * b[k * n + col];
  }
  c[row * n + col] = sum;
}

__global__ void tiled_product(const float* a, const float* b, float* c, int n) {
  __shared__ float a_tile[kTile][kTile];
  __shared__ float b_tile[kTile][kTile];
  const int x = static_cast<int>(threadIdx.x), y = static_cast<int>(threadIdx.y);
  const int row = static_cast<int>(blockIdx.y) * kTile + y, col = static_cast<int>(blockIdx.x) * kTile + x;
  float sum = 0;
  for (int k = 0; k < n; k += kTile) {
    a_tile[y][x] = a[row * n + k + x];
    b_tile[y][x] = b[(k + y) * n + col];
    __syncthreads();
#pragma unroll
    for (int i = 0; i < kTile; ++i) {
      sum += a_tile[y][i] * b_tile[i][x];
    }
    __syncthreads();
  }
  c[row * n + col] = sum;
}

}  // namespace

void run_product(Stream& stream, bool tiled, int n) {
  const std::size_t bytes = static_cast<std::size_t>(n) * n * sizeof(float);
  auto* a = static_cast<float*>(stream.scratch("a", bytes));
  auto* b = static_cast<float*>(stream.scratch("b", bytes));
  auto* c = static_cast<float*>(stream.scratch("c", bytes));
  stream.set_zero(a, bytes);
  stream.set_zero(b, bytes);
  launch(stream, tiled ? tiled_product : naive_product, dim3(n / kTile, n / kTile), dim3(kTile, kTile), 0, a,
         b, c, n);
}

}  // namespace alab::ALAB_BUILD_NAMESPACE

#endif
