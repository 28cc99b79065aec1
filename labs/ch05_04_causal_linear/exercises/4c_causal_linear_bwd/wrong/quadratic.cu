// Wrong: right numbers, but every token goes over all the others it met; work grows with N * N.
// SPDX-License-Identifier: MIT
__device__ float dot(const float* x, const float* y, int n) {
  float sum = 0;
  for (int i = 0; i < n; ++i) {
    sum += x[i] * y[i];
  }
  return sum;
}

__global__ void causal_linear_bwd(const float* PhiQ, const float* PhiK, const float* V, const float* G,
                                  float* dQ, float* dK, float* dV, int N, int m, int dv) {
  const size_t head = blockIdx.x;
  const int tid = threadIdx.x;
  PhiQ += head * N * m;
  PhiK += head * N * m;
  V += head * N * dv;
  G += head * N * dv;
  dQ += head * N * m;
  dK += head * N * m;
  dV += head * N * dv;
  for (int t = 0; t < N; ++t) {
    float dq = 0, dk = 0, dvalue = 0;
    for (int j = 0; tid < m && j <= t; ++j) {
      dq += dot(G + t * dv, V + j * dv, dv) * PhiK[j * m + tid];
    }
    for (int j = t; j < N; ++j) {
      if (tid < m) {
        dk += dot(G + j * dv, V + t * dv, dv) * PhiQ[j * m + tid];
      }
      if (tid < dv) {
        dvalue += dot(PhiQ + j * m, PhiK + t * m, m) * G[j * dv + tid];
      }
    }
    if (tid < m) {
      dQ[t * m + tid] = dq;
      dK[t * m + tid] = dk;
    }
    if (tid < dv) {
      dV[t * dv + tid] = dvalue;
    }
  }
}
