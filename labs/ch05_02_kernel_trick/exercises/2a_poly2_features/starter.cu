// Exercise 2A. The exact features of the kernel (x . y)^2.
//
// X is [N][d], Phi is [N][m] with m = d (d + 1) / 2. One block of 128 threads per row.
// A row of Phi holds first the d squares x_i x_i, then sqrt(2) x_i x_j for all pairs i < j, in this order:
//   (0,1) (0,2) ... (0,d-1) (1,2) ... (1,d-1) (2,3) ... (d-2,d-1)
__global__ void poly2_features(const float* X, float* Phi, int N, int d) {
  const int m = d * (d + 1) / 2;
  const float* x = X + blockIdx.x * d;  // this block's row

  for (int e = threadIdx.x; e < d * d; e += blockDim.x) {
    const int i = e / d, j = e % d;  // every pair once, also those with i > j
    // FILL 1: what do pairs with i > j do?
    // FILL 2: the value of the feature, for i == j and for i < j
    // FILL 3: its place in the row of Phi
  }
}
