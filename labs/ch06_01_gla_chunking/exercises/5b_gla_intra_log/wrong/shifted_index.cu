// Wrong: the sum up to token i - 1 stands where the sum up to and including i belongs.
// SPDX-License-Identifier: MIT
__global__ void gla_intra_log(const float* q, const float* k, const float* glogcum, float* A, int N, int C,
                              int dk) {
  const int n = blockIdx.x;
  const size_t head = blockIdx.y;
  const size_t first = head * N + n * C;
  const int tokens = min(C, N - n * C);
  q += first * dk;
  k += first * dk;
  glogcum += first * dk;
  A += (head * gridDim.x + n) * C * C;
  for (int pair = threadIdx.x; pair < C * C; pair += blockDim.x) {
    const int i = pair / C;
    const int j = pair % C;
    float sum = 0;
    if (i < tokens && j <= i) {
      for (int c = 0; c < dk; ++c) {
        const float g_i = i > 0 ? glogcum[(i - 1) * dk + c] : 0.0f;
        sum += q[i * dk + c] * k[j * dk + c] * expf(g_i - glogcum[j * dk + c]);
      }
    }
    A[pair] = sum;
  }
}
