// Exercise 3B. Positive random features of softmax attention (FAVOR+).
//
// X is [N][d], W is [m][d], Phi is [N][m]. One block of 128 threads per row of X.
// rowmax_or_global has one constant per row if is_query is 1, and a single one for all rows if it is 0.
__global__ void favor_features(const float* X, const float* W, const float* rowmax_or_global, float* Phi,
                               int N, int d, int m, int is_query) {
  const float* x = X + blockIdx.x * d;  // this block's row
  // FILL 1: by which power of d is the row shrunk?
  // FILL 2: half the squared norm. Of which row, the one in memory or the shrunk one?
  // FILL 3: the constant of this row

  for (int j = threadIdx.x; j < m; j += blockDim.x) {
    // FILL 4: row j of W times the shrunk row, the exponential, and the factor that makes a mean of the sum
  }
}
