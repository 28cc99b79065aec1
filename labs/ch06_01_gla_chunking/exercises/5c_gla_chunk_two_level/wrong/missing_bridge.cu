// Wrong: keys are measured from the end of their sub-chunk, queries from the start of theirs; the
// gates of the sub-chunks between are missing. Neighbouring sub-chunks come out right.
// SPDX-License-Identifier: MIT

// How strongly token i of the chunk reads token j <= i. g: inclusive cumulative log gates of the chunk
// [C][dk].
__device__ float score(const float* q, const float* k, const float* g, int i, int j, int dk, int c) {
  const int begin = i / c * c;  // the first token of i's sub-chunk
  float sum = 0;
  if (j >= begin) {
    for (int a = 0; a < dk; ++a) {
      sum += q[i * dk + a] * k[j * dk + a] * expf(g[i * dk + a] - g[j * dk + a]);
    }
    return sum;
  }
  const float* reference = g + (begin - 1) * dk;      // the sum before the query's sub-chunk
  const float* end = g + ((j / c + 1) * c - 1) * dk;  // the sum at the end of the key's
  for (int a = 0; a < dk; ++a) {
    const float query = q[i * dk + a] * expf(g[i * dk + a] - reference[a]);
    const float key = k[j * dk + a] * expf(end[a] - g[j * dk + a]);
    sum += query * key;
  }
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
      for (int a = 0; a < dk; ++a) {
        sum += q[(first + i) * dk + a] * expf(g[i * dk + a]) * S[a * dv + column];
      }
      for (int j = 0; j <= i; ++j) {
        sum += scores[i * tokens + j] * v[(first + j) * dv + column];
      }
      o[(first + i) * dv + column] = sum;
    }
    __syncthreads();  // S has been read
    for (int entry = threadIdx.x; entry < dk * dv; entry += blockDim.x) {
      const int a = entry / dv;
      const int column = entry % dv;
      const float last = g[(tokens - 1) * dk + a];
      float sum = expf(last) * S[entry];
      for (int j = 0; j < tokens; ++j) {
        const float key = k[(first + j) * dk + a] * expf(last - g[j * dk + a]);
        sum += key * v[(first + j) * dv + column];
      }
      S[entry] = sum;
    }
    __syncthreads();  // g has been read
  }
}
