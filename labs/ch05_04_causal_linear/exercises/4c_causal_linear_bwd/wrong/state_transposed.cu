// Wrong: dV reads R as if it were [dv][m].
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
      sum += G[t * dv + c] * state[tid * dv + c];
    }
    dQ[t * m + tid] = sum;
  }

  for (int c = 0; feature && c < dv; ++c) {
    state[tid * dv + c] = 0;
  }
  for (int t = N - 1; t >= 0; --t) {
    if (feature) {
      const float q = PhiQ[t * m + tid];
      float sum = 0;
      for (int c = 0; c < dv; ++c) {
        state[tid * dv + c] += q * G[t * dv + c];
        sum += V[t * dv + c] * state[tid * dv + c];
      }
      dK[t * m + tid] = sum;
    }
    __syncthreads();  // every row of R has taken in token t
    if (column) {
      float sum = 0;
      for (int a = 0; a < m; ++a) {
        sum += PhiK[t * m + a] * state[tid * m + a];
      }
      dV[t * dv + tid] = sum;
    }
    __syncthreads();  // every column of R has been read
  }
}
