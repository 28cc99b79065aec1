// Wrong: a thread computes one column, so that columns from blockDim.x on stay unwritten.
// SPDX-License-Identifier: MIT
__global__ void apply_state(const float* PhiQ, const float* S, const float* z, float* O, int N, int m, int dv,
                            float eps) {
  const size_t head = blockIdx.y;
  const size_t row = head * N + blockIdx.x;
  const float* phi = PhiQ + row * m;
  S += head * m * dv;
  z += head * m;
  float normaliser = eps;
  for (int f = 0; f < m; ++f) {
    normaliser += phi[f] * z[f];
  }
  const int c = threadIdx.x;
  if (c < dv) {
    float sum = 0.0f;
    for (int f = 0; f < m; ++f) {
      sum += phi[f] * S[f * dv + c];
    }
    O[row * dv + c] = sum / normaliser;
  }
}
