// Recursion without an end. SPDX-License-Identifier: MIT
__device__ int deep(volatile int* x) {
  volatile int here[64] = {};
  here[*x & 63] = *x;
  return deep(here) + here[3];
}
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  volatile int x = N;
  S[0] = deep(&x);
}
