// Exercise 4C: backward pass of causal linear attention.
//
// Given: one block per head with max(m, dv) threads, and m * dv floats of shared memory. Thread tid
// is the thread of feature tid (if tid < m) and of value column tid (if tid < dv). The forward scan
// is written: it gives dQ, except for one line.
// To do: the places marked FILL.
// SPDX-License-Identifier: MIT
__global__ void causal_linear_bwd(const float* PhiQ, const float* PhiK, const float* V, const float* G,
                                  float* dQ, float* dK, float* dV, int N, int m, int dv) {
  extern __shared__ float state[];  // [m][dv]: first S, then R
  const size_t head = blockIdx.x;
  const int tid = threadIdx.x;
  const bool feature = tid < m;
  const bool column = tid < dv;
  PhiQ += head * N * m;
  PhiK += head * N * m;
  V += head * N * dv;
  G += head * N * dv;
  dQ += head * N * m;
  dK += head * N * m;
  dV += head * N * dv;

  for (int c = 0; feature && c < dv; ++c) {
    state[tid * dv + c] = 0;
  }
  for (int t = 0; feature && t < N; ++t) {
    const float k = PhiK[t * m + tid];
    float sum = 0;
    for (int c = 0; c < dv; ++c) {
      state[tid * dv + c] += k * V[t * dv + c];
      // FILL 1: what does dQ take from this entry of S?
    }
    dQ[t * m + tid] = sum;
  }

  // FILL 2: the reverse scan. R begins as zero; which thread may write which entry?
  for (int t = N - 1; t >= 0; --t) {
    if (feature) {
      // FILL 3: row tid of R takes in token t; dK[t * m + tid] reads that row.
      dK[t * m + tid] = 0;
    }
    if (column) {
      // FILL 4: dV[t * dv + tid] reads column tid of R, which other threads have written.
      dV[t * dv + tid] = 0;
    }
    // FILL 5: where are barriers needed, and why two of them?
  }
}
