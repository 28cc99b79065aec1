// Wrong: the head is left out of the place in S and z: several blocks write the same entries.
// SPDX-License-Identifier: MIT
__global__ void kv_state(const float* PhiK, const float* V, float* S, float* z, int N, int m, int dv) {
  const size_t head = blockIdx.x;
  const float* phi = PhiK + head * N * m;
  const float* v = V + head * N * dv;
  for (int e = threadIdx.x; e < m * dv; e += blockDim.x) {
    const int f = e / dv, c = e % dv;
    float sum = 0.0f;
    for (int t = 0; t < N; ++t) {
      sum += phi[t * m + f] * v[t * dv + c];
    }
    S[e] = sum;
  }
  for (int f = threadIdx.x; f < m; f += blockDim.x) {
    float sum = 0.0f;
    for (int t = 0; t < N; ++t) {
      sum += phi[t * m + f];
    }
    z[f] = sum;
  }
}
