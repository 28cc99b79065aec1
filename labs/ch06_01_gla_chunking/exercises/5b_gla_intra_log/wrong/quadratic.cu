// Wrong: right numbers, but a chunk's rows meet the keys of all chunks; work grows with N * N.
// SPDX-License-Identifier: MIT
__global__ void gla_intra_log(const float* q, const float* k, const float* glogcum, float* A, int N, int C,
                              int dk) {
  const int n = blockIdx.x;
  const size_t head = blockIdx.y;
  const size_t first = head * N + n * C;
  const int tokens = min(C, N - n * C);
  q += first * dk;
  const float* g_all = glogcum + head * N * dk;
  k += head * N * dk;
  glogcum += first * dk;
  A += (head * gridDim.x + n) * C * C;
  for (int pair = threadIdx.x; pair < C * C; pair += blockDim.x) {
    A[pair] = 0;
  }
  __syncthreads();  // the zeros are written
  for (int pair = threadIdx.x; pair < tokens * N; pair += blockDim.x) {
    const int i = pair / N;
    const int j = pair % N;
    float sum = 0;
    for (int c = 0; c < dk; ++c) {
      sum += q[i * dk + c] * k[j * dk + c] * expf(glogcum[i * dk + c] - g_all[j * dk + c]);
    }
    if (j >= n * C && j <= n * C + i) {
      A[i * C + j - n * C] = sum;
    }
  }
}
