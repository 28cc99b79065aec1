// Column threadIdx.x of the state belongs to one thread, which alone writes and reads it: no barrier
// is needed.
// SPDX-License-Identifier: MIT
__global__ void causal_linear_recurrent(const float* PhiQ, const float* PhiK, const float* V, float* O, int N,
                                        int m, int dv, float eps) {
  extern __shared__ float S[];  // [m][dv]
  float z[64];                  // every thread keeps its own normaliser: m <= 64
  const size_t head = blockIdx.x;
  const int column = threadIdx.x;
  PhiQ += head * N * m;
  PhiK += head * N * m;
  V += head * N * dv;
  O += head * N * dv;
  if (column >= dv) {
    return;
  }
  for (int a = 0; a < m; ++a) {
    S[a * dv + column] = 0;
    z[a] = 0;
  }
  for (int t = 0; t < N; ++t) {
    const float v = V[t * dv + column];
    float numerator = 0, denominator = 0;
    for (int a = 0; a < m; ++a) {
      const float k = PhiK[t * m + a];
      const float q = PhiQ[t * m + a];
      S[a * dv + column] += k * v;  // first the token's own key and value ...
      z[a] += k;
      numerator += q * S[a * dv + column];  // ... then what its query reads
      denominator += q * z[a];
    }
    O[t * dv + column] = numerator / (denominator + eps);
  }
}
