// Exercise 4B: causal linear attention in chunks of C tokens.
//
// Given: chunk_states runs first, one block of 256 threads per head. chunk_outputs runs when it is
// done, one block of 128 threads per chunk (blockIdx.x) and head (blockIdx.y). m, dv and C are at
// most 64.
// To do: the places marked FILL.
// SPDX-License-Identifier: MIT
__global__ void chunk_states(const float* PhiK, const float* V, float* S, int N, int m, int dv, int C) {
  const size_t head = blockIdx.x;
  const int chunks = (N + C - 1) / C;
  PhiK += head * N * m;
  V += head * N * dv;
  S += head * chunks * m * dv;  // [chunks][m][dv]
  for (int entry = threadIdx.x; entry < m * dv; entry += blockDim.x) {
    // entry = a * dv + column: feature a, value column `column`.
    for (int n = 0; n < chunks; ++n) {
      // FILL 1: store the sum over the tokens before chunk n. Then what does chunk n add? The last one may be
      // short.
      S[n * m * dv + entry] = 0;
    }
  }
}

__global__ void chunk_outputs(const float* PhiQ, const float* PhiK, const float* V, const float* S, float* O,
                              int N, int m, int dv, int C) {
  __shared__ float scores[64 * 64];  // phi(q_i) . phi(k_j) of the chunk's tokens
  const int n = blockIdx.x;
  const size_t head = blockIdx.y;
  const size_t first = head * N + n * C;  // the chunk's first token, counted over all heads

  // FILL 2: how many tokens has this chunk? Let the pointers point at its rows, S at the state before it.

  // FILL 3: the scores. Which pairs (i, j) are needed?
  (void)scores;

  __syncthreads();  // the scores are complete

  // FILL 4: o_i is what the state holds for q_i, and what the chunk itself adds.
  for (int entry = threadIdx.x; entry < dv; entry += blockDim.x) {
    O[first * dv + entry] = 0;
  }
}
