// A loop without an end and without memory. SPDX-License-Identifier: MIT
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  volatile int i = 0;
  while (true) i = i + 1;
}
