// Wrong: every block computes the angles of all rows and keeps its own. The numbers are right, the work grows
// with N squared. SPDX-License-Identifier: MIT
__global__ void rff_features(const float* X, const float* W, const float* b, float* Z, int N, int d, int D) {
  const size_t row = blockIdx.x;
  const float factor = sqrtf(2.0f / D);
  for (int j = threadIdx.x; j < D; j += blockDim.x) {
    float angle = 0.0f;
    for (int r = 0; r < N; ++r) {
      float sum = b[j];
      for (int c = 0; c < d; ++c) {
        sum += W[j * d + c] * X[r * d + c];
      }
      angle = r == row ? sum : angle;
    }
    Z[row * D + j] = factor * cosf(angle);
  }
}
