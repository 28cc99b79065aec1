// Divides an integer by zero. SPDX-License-Identifier: MIT
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  volatile int zero = 0;
  S[0] = N / zero;
}
