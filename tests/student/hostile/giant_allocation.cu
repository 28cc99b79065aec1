// Asks for 64 GB. SPDX-License-Identifier: MIT
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  float* p = static_cast<float*>(malloc(size_t(64) << 30));
  for (size_t i = 0; i < (size_t(16) << 30); i += 1024) p[i] = 1;
  S[0] = p[d];
}
