// Exercise 2C. Queries against the state of linear attention.
//
// PhiQ is [heads][N][m], S is [heads][m][dv], z is [heads][m], O is [heads][N][dv].
// One block of 64 threads per query: blockIdx.x is the query, blockIdx.y the head. dv may be larger than 64.
// heads * N * dv may be larger than an int can hold.
__global__ void apply_state(const float* PhiQ, const float* S, const float* z, float* O, int N, int m, int dv,
                            float eps) {
  // FILL 1: where do this query's features begin, where its head's S and z, where its row of O?

  // FILL 2: the normaliser: the sum over all features of phi * z, plus eps.

  for (int c = threadIdx.x; c < dv; c += blockDim.x) {
    // FILL 3: the sum over all features of phi times column c of S, divided by the normaliser
  }
}
