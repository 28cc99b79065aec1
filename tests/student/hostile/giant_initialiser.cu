// An object file of gigabytes. SPDX-License-Identifier: MIT
__device__ float store[1ull << 30] = {1};
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  S[0] = store[threadIdx.x];
}
