// Wrong: products are added to what stands in S, which nobody has set to 0.
// SPDX-License-Identifier: MIT
__global__ void kv_state(const float* PhiK, const float* V, float* S, float* z, int N, int m, int dv) {
  const size_t head = blockIdx.x;
  const float* phi = PhiK + head * N * m;
  const float* v = V + head * N * dv;
  for (int e = threadIdx.x; e < m * dv; e += blockDim.x) {
    const int f = e / dv, c = e % dv;
    for (int t = 0; t < N; ++t) {
      S[head * m * dv + e] += phi[t * m + f] * v[t * dv + c];
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
