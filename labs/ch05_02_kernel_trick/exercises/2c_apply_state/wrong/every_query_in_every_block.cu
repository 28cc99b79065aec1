// Wrong: every block computes all queries of its head and keeps its own. The numbers are right, the work
// grows with N squared. SPDX-License-Identifier: MIT
__global__ void apply_state(const float* PhiQ, const float* S, const float* z, float* O, int N, int m, int dv,
                            float eps) {
  const size_t head = blockIdx.y;
  const size_t row = head * N + blockIdx.x;
  const float* all = PhiQ + head * N * m;
  S += head * m * dv;
  z += head * m;
  float normaliser = eps;
  for (int t = 0; t < N; ++t) {
    float sum = eps;
    for (int f = 0; f < m; ++f) {
      sum += all[t * m + f] * z[f];
    }
    normaliser = t == blockIdx.x ? sum : normaliser;
  }
  for (int c = threadIdx.x; c < dv; c += blockDim.x) {
    float sum = 0.0f;
    for (int f = 0; f < m; ++f) {
      sum += all[blockIdx.x * m + f] * S[f * dv + c];
    }
    O[row * dv + c] = sum / normaliser;
  }
}
