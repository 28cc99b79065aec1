// A loop without an end that reads memory. SPDX-License-Identifier: MIT
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  float sum = 0;
  for (int c = 0; sum < 1e30f; c = (c + 1) % d) sum += 0 * Q[c];
  S[0] = sum;
}
