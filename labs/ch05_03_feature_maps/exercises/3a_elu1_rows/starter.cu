// Exercise 3A. The feature map elu(x) + 1 and its derivative, element by element.
//
// X, Y and dY have n elements. A thread per element, 256 threads per block; n need not be a multiple of 256.

// Y[i] = elu(X[i]) + 1: x + 1 where x > 0, else ...
__global__ void elu1_rows(const float* X, float* Y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  // FILL 1: the feature, where there is an element i
}

// dY[i] = the derivative of elu(x) + 1 at X[i].
__global__ void elu1_grad_rows(const float* X, float* dY, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  // FILL 2: the derivative, on both sides of 0
}
