// Exercise 4A: causal linear attention, token by token.
//
// Given: one block per head (blockIdx.x), one thread per value column (threadIdx.x = 0 .. dv - 1), and
// S, m * dv floats of shared memory. S[a * dv + column] is row a of the state, column of this thread.
// To do: the three places marked FILL.
// SPDX-License-Identifier: MIT
__global__ void causal_linear_recurrent(const float* PhiQ, const float* PhiK, const float* V, float* O, int N,
                                        int m, int dv, float eps) {
  extern __shared__ float S[];  // [m][dv]
  const int column = threadIdx.x;

  // FILL 1: let PhiQ, PhiK, V and O point at the rows of head blockIdx.x.

  // FILL 2: z begins as zero like S. Each thread may keep a z of its own: float z[64], since m <= 64.
  for (int a = 0; a < m; ++a) {
    S[a * dv + column] = 0;
  }
  for (int t = 0; t < N; ++t) {
    float numerator = 0, denominator = 0;

    // FILL 3: take token t into S and z, then read both with its query. In which order?

    O[t * dv + column] = numerator / (denominator + eps);
  }
}
