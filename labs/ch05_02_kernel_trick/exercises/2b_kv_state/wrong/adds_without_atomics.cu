// Wrong: a thread takes a token and adds its products to S without atomics: sums of other threads are lost.
// SPDX-License-Identifier: MIT
__global__ void kv_state(const float* PhiK, const float* V, float* S, float* z, int N, int m, int dv) {
  const size_t head = blockIdx.x;
  const float* phi = PhiK + head * N * m;
  const float* v = V + head * N * dv;
  for (int e = threadIdx.x; e < m * dv; e += blockDim.x) {
    S[head * m * dv + e] = 0.0f;
  }
  __syncthreads();  // S is zero
  for (int t = threadIdx.x; t < N; t += blockDim.x) {
    for (int e = 0; e < m * dv; ++e) {
      S[head * m * dv + e] += phi[t * m + e / dv] * v[t * dv + e % dv];
    }
  }
  for (int f = threadIdx.x; f < m; f += blockDim.x) {
    float sum = 0.0f;
    for (int t = 0; t < N; ++t) {
      sum += phi[t * m + f];
    }
    z[head * m + f] = sum;
  }
}
