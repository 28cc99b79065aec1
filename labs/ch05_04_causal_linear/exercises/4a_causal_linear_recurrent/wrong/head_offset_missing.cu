// Wrong: PhiK is not moved to the head's rows, so that every head reads the keys of head 0.
// SPDX-License-Identifier: MIT
__global__ void causal_linear_recurrent(const float* PhiQ, const float* PhiK, const float* V, float* O, int N,
                                        int m, int dv, float eps) {
  extern __shared__ float S[];  // [m][dv]
  float z[64];                  // every thread keeps its own normaliser: m <= 64
  const size_t head = blockIdx.x;
  const int column = threadIdx.x;
  PhiQ += head * N * m;
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
      S[a * dv + column] += k * v;
      z[a] += k;
      numerator += q * S[a * dv + column];
      denominator += q * z[a];
    }
    O[t * dv + column] = numerator / (denominator + eps);
  }
}
