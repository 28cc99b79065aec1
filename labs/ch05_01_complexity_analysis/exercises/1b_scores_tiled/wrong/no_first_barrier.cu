// Wrong: the tiles are read before all threads have filled them: the first __syncthreads() is missing.
// SPDX-License-Identifier: MIT
template <int T>
__global__ void scores_tiled(const float* Q, const float* K, float* S, int N, int d, float scale) {
  __shared__ float q_tile[T][T];
  __shared__ float k_tile[T][T + 1];  // rows one bank apart: a column lies in T different banks
  const int x = threadIdx.x, y = threadIdx.y;
  const int key = blockIdx.x * T + x;
  const int query = blockIdx.y * T + y;
  const int key_to_load = blockIdx.x * T + y;
  const size_t head = blockIdx.z;
  Q += head * N * d;
  K += head * N * d;
  float sum = 0.0f;
  for (int first = 0; first < d; first += T) {
    const int column = first + x;
    q_tile[y][x] = query < N && column < d ? Q[query * d + column] : 0.0f;
    k_tile[y][x] = key_to_load < N && column < d ? K[key_to_load * d + column] : 0.0f;
    for (int c = 0; c < T; ++c) {
      sum += q_tile[y][c] * k_tile[x][c];
    }
    __syncthreads();  // both tiles have been read and may be overwritten
  }
  if (query < N && key < N) {
    S[(head * N + query) * N + key] = scale * sum;
  }
}
