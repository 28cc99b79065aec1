// Exercise 5A: gated linear attention, token by token.
//
// Given: one block per head (blockIdx.x), one thread per value column (threadIdx.x = 0 .. dv - 1), and
// S, dk * dv floats of shared memory. S[a * dv + column] is row a of the state, column of this thread.
// To do: the places marked FILL.
// SPDX-License-Identifier: MIT
__global__ void gla_recurrent(const float* q, const float* k, const float* v, const float* logalpha, float* o,
                              int N, int dk, int dv) {
  extern __shared__ float S[];  // [dk][dv]
  const size_t head = blockIdx.x;
  const int column = threadIdx.x;
  q += head * N * dk;
  k += head * N * dk;
  v += head * N * dv;
  logalpha += head * N * dk;
  o += head * N * dv;

  // FILL 1: what does S hold before the first token?

  for (int t = 0; t < N; ++t) {
    float sum = 0;
    for (int a = 0; a < dk; ++a) {
      // FILL 2: the gate of this token and row. The array holds its logarithm.
      // FILL 3: decay, write, read. In which order?
    }
    o[t * dv + column] = sum;
  }
}
