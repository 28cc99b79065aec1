// Wrong: eps is left out; where all features are 0, that is 0 / 0.
// SPDX-License-Identifier: MIT
__global__ void apply_state(const float* PhiQ, const float* S, const float* z, float* O, int N, int m, int dv,
                            float eps) {
  const size_t head = blockIdx.y;
  const size_t row = head * N + blockIdx.x;
  const float* phi = PhiQ + row * m;
  S += head * m * dv;
  z += head * m;
  float normaliser = 0.0f;
  for (int f = 0; f < m; ++f) {
    normaliser += phi[f] * z[f];
  }
  for (int c = threadIdx.x; c < dv; c += blockDim.x) {
    float sum = 0.0f;
    for (int f = 0; f < m; ++f) {
      sum += phi[f] * S[f * dv + c];
    }
    O[row * dv + c] = sum / normaliser;
  }
}
