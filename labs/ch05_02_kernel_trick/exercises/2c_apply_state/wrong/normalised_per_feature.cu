// Wrong: each feature has its own denominator, phi z + eps, instead of one for the whole sum.
// SPDX-License-Identifier: MIT
__global__ void apply_state(const float* PhiQ, const float* S, const float* z, float* O, int N, int m, int dv,
                            float eps) {
  const size_t head = blockIdx.y;
  const size_t row = head * N + blockIdx.x;
  const float* phi = PhiQ + row * m;
  S += head * m * dv;
  z += head * m;
  for (int c = threadIdx.x; c < dv; c += blockDim.x) {
    float sum = 0.0f;
    for (int f = 0; f < m; ++f) {
      sum += phi[f] * S[f * dv + c] / (phi[f] * z[f] + eps);
    }
    O[row * dv + c] = sum;
  }
}
