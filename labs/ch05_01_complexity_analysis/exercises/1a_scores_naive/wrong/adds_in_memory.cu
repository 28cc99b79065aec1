// Wrong: the sum is kept in S, so that every multiply-add also loads and stores a score.
// SPDX-License-Identifier: MIT
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  const int key = blockIdx.x * 16 + threadIdx.x;
  const int query = blockIdx.y * 16 + threadIdx.y;
  const size_t head = blockIdx.z;
  if (query >= N || key >= N) {
    return;
  }
  const float* q = Q + (head * N + query) * d;
  const float* k = K + (head * N + key) * d;
  float* score = S + (head * N + query) * N + key;
  *score = 0.0f;
  for (int t = 0; t < d; ++t) {
    *score = *score + scale * q[t] * k[t];
  }
}
