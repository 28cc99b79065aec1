// Exercise 5C: gated linear attention in chunks of C tokens, cut into sub-chunks of c.
//
// Given: one block of 128 threads per head walks over the chunks. Shared memory holds the state S
// before the chunk and g, the chunk's inclusive cumulative log gates, which is filled here. Barriers
// stand where they are needed.
// To do: the places marked FILL.
// SPDX-License-Identifier: MIT

// How strongly token i of the chunk reads token j <= i.
__device__ float score(const float* q, const float* k, const float* g, int i, int j, int dk, int c) {
  float sum = 0;
  // FILL 1: i and j in one sub-chunk: as in exercise 5B.
  // FILL 2: j in an earlier sub-chunk: two factors, with the sum before i's sub-chunk as the reference of
  // both.
  return sum;
}

__global__ void gla_chunk_two_level(const float* q, const float* k, const float* v, const float* logalpha,
                                    float* o, int N, int dk, int dv, int C, int c) {
  extern __shared__ float shared[];
  float* S = shared;                 // [dk][dv], the state before the chunk
  float* g = S + dk * dv;            // [C][dk]
  __shared__ float scores[64 * 64];  // [tokens][tokens], on and below the diagonal
  const size_t head = blockIdx.x;
  q += head * N * dk;
  k += head * N * dk;
  v += head * N * dv;
  logalpha += head * N * dk;
  o += head * N * dv;
  for (int entry = threadIdx.x; entry < dk * dv; entry += blockDim.x) {
    S[entry] = 0;
  }
  for (int first = 0; first < N; first += C) {
    const int tokens = min(C, N - first);
    for (int a = threadIdx.x; a < dk; a += blockDim.x) {
      float sum = 0;
      for (int i = 0; i < tokens; ++i) {
        sum += logalpha[(first + i) * dk + a];
        g[i * dk + a] = sum;
      }
    }
    __syncthreads();  // g and S are complete
    for (int pair = threadIdx.x; pair < tokens * tokens; pair += blockDim.x) {
      const int i = pair / tokens;
      const int j = pair % tokens;
      if (j <= i) {
        scores[pair] = score(q + first * dk, k + first * dk, g, i, j, dk, c);
      }
    }
    __syncthreads();  // the scores are complete
    for (int entry = threadIdx.x; entry < tokens * dv; entry += blockDim.x) {
      const int i = entry / dv;
      const int column = entry % dv;
      float sum = 0;
      // FILL 3: what q_i reads from S, which has faded since the chunk began.
      for (int j = 0; j <= i; ++j) {
        sum += scores[i * tokens + j] * v[(first + j) * dv + column];
      }
      o[(first + i) * dv + column] = sum;
    }
    __syncthreads();  // S has been read
    for (int entry = threadIdx.x; entry < dk * dv; entry += blockDim.x) {
      // FILL 4: S fades over the whole chunk; each of its tokens adds k_j v_j, faded by the gates after j.
    }
    __syncthreads();  // g has been read
  }
}
