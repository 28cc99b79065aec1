// Wrong: every block computes the norms of all rows and keeps its own. The numbers are right, the work grows
// with N squared. SPDX-License-Identifier: MIT
__global__ void favor_features(const float* X, const float* W, const float* rowmax_or_global, float* Phi,
                               int N, int d, int m, int is_query) {
  const size_t row = blockIdx.x;
  const float* x = X + row * d;
  const float shrink = rsqrtf(sqrtf(d));  // d^(-1/4)
  float square = 0.0f;
  for (int r = 0; r < N; ++r) {
    float sum = 0.0f;
    for (int c = 0; c < d; ++c) {
      sum += shrink * X[r * d + c] * shrink * X[r * d + c];
    }
    square = r == row ? sum : square;
  }
  const float constant = is_query ? rowmax_or_global[row] : rowmax_or_global[0];
  for (int j = threadIdx.x; j < m; j += blockDim.x) {
    float dot = 0.0f;
    for (int c = 0; c < d; ++c) {
      dot += W[j * d + c] * (shrink * x[c]);
    }
    Phi[row * m + j] = rsqrtf(m) * expf(dot - square / 2 - constant);
  }
}
