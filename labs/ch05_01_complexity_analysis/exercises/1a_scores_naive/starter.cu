// Exercise 1A. Attention scores, one thread each.
//
// Q and K are [heads][N][d], S is [heads][N][N], row after row without gaps.
// A block has 16 x 16 threads. The grid covers the N x N scores of one head; blockIdx.z is the head.
// N need not be a multiple of 16, so the last blocks have threads without a score.
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  const int key = blockIdx.x * 16 + threadIdx.x;    // column of S
  const int query = blockIdx.y * 16 + threadIdx.y;  // row of S

  // FILL 1: send threads home that have no score to compute.

  // FILL 2: where in Q does this query's row start? Where in K this key's? Think of the head.

  float sum = 0.0f;
  for (int t = 0; t < d; ++t) {
    // FILL 3: add the product of the two rows' elements t.
  }

  // FILL 4: write scale * sum to its place in S.
}
