// Wrong: the pairs are packed column by column: (0,1) (0,2) (1,2) (0,3) ...
// SPDX-License-Identifier: MIT
__global__ void poly2_features(const float* X, float* Phi, int N, int d) {
  const int m = d * (d + 1) / 2;
  const float* x = X + static_cast<size_t>(blockIdx.x) * d;
  float* phi = Phi + static_cast<size_t>(blockIdx.x) * m;
  for (int e = threadIdx.x; e < d * d; e += blockDim.x) {
    const int i = e / d, j = e % d;
    if (i == j) {
      phi[i] = x[i] * x[i];
    } else if (i < j) {
      phi[d + j * (j - 1) / 2 + i] = sqrtf(2.0f) * x[i] * x[j];
    }
  }
}
