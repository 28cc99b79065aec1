// Wrong: every block computes all rows and keeps its own. The numbers are right, the work grows with N
// squared. SPDX-License-Identifier: MIT
__global__ void poly2_features(const float* X, float* Phi, int N, int d) {
  const int m = d * (d + 1) / 2;
  float* phi = Phi + static_cast<size_t>(blockIdx.x) * m;
  for (int e = threadIdx.x; e < d * d; e += blockDim.x) {
    const int i = e / d, j = e % d;
    float product = 0.0f;
    for (int row = 0; row < N; ++row) {
      const float* x = X + static_cast<size_t>(row) * d;
      const float here = x[i] * x[j];
      product += here * (row == blockIdx.x ? 1.0f : 0.0f);
    }
    if (i == j) {
      phi[i] = product;
    } else if (i < j) {
      phi[d + i * (2 * d - i - 1) / 2 + (j - i - 1)] = sqrtf(2.0f) * product;
    }
  }
}
