// Wrong: the sine is taken instead of the cosine.
// SPDX-License-Identifier: MIT
__global__ void rff_features(const float* X, const float* W, const float* b, float* Z, int N, int d, int D) {
  const size_t row = blockIdx.x;
  const float* x = X + row * d;
  const float factor = sqrtf(2.0f / D);
  for (int j = threadIdx.x; j < D; j += blockDim.x) {
    float angle = b[j];
    for (int c = 0; c < d; ++c) {
      angle += W[j * d + c] * x[c];
    }
    Z[row * D + j] = factor * sinf(angle);
  }
}
