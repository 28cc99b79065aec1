// Wrong: the scale is left out. It passes where the scale is 1.
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
  float sum = 0.0f;
  for (int t = 0; t < d; ++t) {
    sum += q[t] * k[t];
  }
  S[(head * N + query) * N + key] = sum;
}
