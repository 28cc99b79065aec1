// Exercise 3C. Random Fourier features of the Gaussian kernel.
//
// X is [N][d], W is [D][d], b is [D], in radians; Z is [N][D]. One block of 128 threads per row of X.
__global__ void rff_features(const float* X, const float* W, const float* b, float* Z, int N, int d, int D) {
  const float* x = X + blockIdx.x * d;  // this block's row

  for (int j = threadIdx.x; j < D; j += blockDim.x) {
    // FILL 1: the angle: row j of W times this row, and the phase
    // FILL 2: the feature, with its factor, at its place in Z
  }
}
