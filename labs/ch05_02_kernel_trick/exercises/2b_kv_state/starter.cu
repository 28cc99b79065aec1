// Exercise 2B. The state of linear attention: all keys and values in one small matrix.
//
// PhiK is [heads][N][m], V is [heads][N][dv], S is [heads][m][dv], z is [heads][m].
// One block of 256 threads per head (blockIdx.x). S and z hold no numbers yet.
__global__ void kv_state(const float* PhiK, const float* V, float* S, float* z, int N, int m, int dv) {
  // FILL 1: where do this head's PhiK, V, S and z begin?

  for (int e = threadIdx.x; e < m * dv; e += blockDim.x) {
    const int f = e / dv, c = e % dv;  // feature and value column of entry e of S
    // FILL 2: the sum over all N tokens, then one store
  }

  // FILL 3: z, the sum of each feature over all tokens. How often is each feature added up?
}
