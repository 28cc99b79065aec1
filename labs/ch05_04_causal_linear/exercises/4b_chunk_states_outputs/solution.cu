// Each entry of the state is one thread's, which keeps it in a register and stores it at the chunk's
// beginning.
// SPDX-License-Identifier: MIT
__global__ void chunk_states(const float* PhiK, const float* V, float* S, int N, int m, int dv, int C) {
  const size_t head = blockIdx.x;
  const int chunks = (N + C - 1) / C;
  PhiK += head * N * m;
  V += head * N * dv;
  S += head * chunks * m * dv;
  for (int entry = threadIdx.x; entry < m * dv; entry += blockDim.x) {
    const int a = entry / dv;
    const int column = entry % dv;
    float state = 0;
    for (int n = 0; n < chunks; ++n) {
      S[n * m * dv + entry] = state;
      const int end = min(N, (n + 1) * C);
      for (int j = n * C; j < end; ++j) {
        state += PhiK[j * m + a] * V[j * dv + column];
      }
    }
  }
}

__global__ void chunk_outputs(const float* PhiQ, const float* PhiK, const float* V, const float* S, float* O,
                              int N, int m, int dv, int C) {
  __shared__ float scores[64 * 64];  // [tokens][tokens], on and below the diagonal
  const int n = blockIdx.x;
  const size_t head = blockIdx.y;
  const size_t first = head * N + n * C;
  const int tokens = min(C, N - n * C);
  PhiQ += first * m;
  PhiK += first * m;
  V += first * dv;
  O += first * dv;
  S += (head * gridDim.x + n) * m * dv;
  for (int pair = threadIdx.x; pair < tokens * tokens; pair += blockDim.x) {
    const int i = pair / tokens;
    const int j = pair % tokens;
    if (j <= i) {
      float sum = 0;
      for (int a = 0; a < m; ++a) {
        sum += PhiQ[i * m + a] * PhiK[j * m + a];
      }
      scores[pair] = sum;
    }
  }
  __syncthreads();  // the scores are complete
  for (int entry = threadIdx.x; entry < tokens * dv; entry += blockDim.x) {
    const int i = entry / dv;
    const int column = entry % dv;
    float sum = 0;
    for (int a = 0; a < m; ++a) {
      sum += PhiQ[i * m + a] * S[a * dv + column];
    }
    for (int j = 0; j <= i; ++j) {
      sum += scores[i * tokens + j] * V[j * dv + column];
    }
    O[entry] = sum;
  }
}
