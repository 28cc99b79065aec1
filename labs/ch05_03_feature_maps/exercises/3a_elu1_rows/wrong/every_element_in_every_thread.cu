// Wrong: every thread reads all elements to find its own. The numbers are right, the work grows with n
// squared. SPDX-License-Identifier: MIT
__global__ void elu1_rows(const float* X, float* Y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) {
    float x = 0.0f;
    for (int j = 0; j < n; ++j) {
      const float here = X[j];
      x += here * (j == i ? 1.0f : 0.0f);
    }
    Y[i] = x > 0.0f ? x + 1.0f : expf(x);
  }
}

__global__ void elu1_grad_rows(const float* X, float* dY, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) {
    float x = 0.0f;
    for (int j = 0; j < n; ++j) {
      const float here = X[j];
      x += here * (j == i ? 1.0f : 0.0f);
    }
    dY[i] = x > 0.0f ? 1.0f : expf(x);
  }
}
