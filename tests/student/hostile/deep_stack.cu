// A local array of 256 MB. SPDX-License-Identifier: MIT
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  volatile float local[64 << 20];
  local[threadIdx.x] = N;
  local[(64 << 20) - 1] = 1;
  S[0] = local[d];
}
