// Wrong: the gate multiplies what the token itself has just written too: alpha (S + k v).
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
  if (column >= dv) {
    return;
  }
  for (int a = 0; a < dk; ++a) {
    S[a * dv + column] = 0;
  }
  for (int t = 0; t < N; ++t) {
    const float v_t = v[t * dv + column];
    float sum = 0;
    for (int a = 0; a < dk; ++a) {
      const float gate = expf(logalpha[t * dk + a]);
      const float entry = gate * (S[a * dv + column] + k[t * dk + a] * v_t);
      S[a * dv + column] = entry;
      sum += q[t * dk + a] * entry;
    }
    o[t * dv + column] = sum;
  }
}
