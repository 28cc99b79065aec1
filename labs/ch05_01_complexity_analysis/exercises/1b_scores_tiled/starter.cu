// Exercise 1B. Attention scores from tiles in shared memory.
//
// Q and K are [heads][N][d], S is [heads][N][N]. A block of T x T threads computes a T x T tile of S; T is 16
// or 32. It walks along the T rows of Q and the T rows of K that it needs, T columns at a time:
//
//   for each T columns of Q and K:
//     1. every thread loads one element of Q and one of K into the two tiles
//     2. every thread adds T products of tile elements to its sum
//
// Neither N nor d need be a multiple of T.
template <int T>
__global__ void scores_tiled(const float* Q, const float* K, float* S, int N, int d, float scale) {
  __shared__ float q_tile[T][T];
  __shared__ float k_tile[T]
                         [T];  // FILL 1: in step 2 a warp reads a column of this tile. Which banks are these?

  const int x = threadIdx.x, y = threadIdx.y;
  const int key = blockIdx.x * T + x;    // column of S that this thread computes
  const int query = blockIdx.y * T + y;  // row of S

  float sum = 0.0f;
  for (int first = 0; first < d; first += T) {
    q_tile[y][x] = 0.0f;  // FILL 2: Q at row `query`, column first + x; 0 outside the matrix, without a load
    k_tile[y][x] =
        0.0f;  // FILL 3: K at column first + x, and which row? Neighbouring threads load neighbours.
    // FILL 4: who must wait here for whom?
    for (int c = 0; c < T; ++c) {
      sum += q_tile[y][c] * k_tile[x][c];
    }
    // FILL 5: and here?
  }

  // FILL 6: write scale * sum, if there is such a score.
}
