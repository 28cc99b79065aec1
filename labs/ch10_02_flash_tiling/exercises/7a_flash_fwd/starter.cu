// SPDX-License-Identifier: MIT
// 7A. Attention without ever holding a row of scores: the keys come by in tiles of BC, and each query row
// keeps its maximum m, its sum l and its output o up to date.
//
// Given: the plan of shared memory, who computes what, the loading of a tile, the scores of a tile and the
// writing at the end. Where it says FILL, a value stands that compiles and is wrong.

// Four threads share a query row: each computes every fourth score of a tile and owns every fourth column of
// the output. All four keep the same m and l.
template <int BR, int BC>
__global__ void flash_fwd(const float* Q, const float* K, const float* V, float* O, float* L, int N, int d,
                          float scale, int causal) {
  constexpr int kMaxDim = 64;
  constexpr int kTeam = 128 / BR;  // threads of a row, all in one warp
  extern __shared__ float tiles[];
  float* q_tile = tiles;                // [BR][d]
  float* k_tile = q_tile + BR * d;      // [BC][d]
  float* v_tile = k_tile + BC * d;      // [BC][d]
  __shared__ float scores[BR][BC + 1];  // one column more, so that a column does not sit in one bank

  const size_t head = static_cast<size_t>(blockIdx.y) * N;  // rows before this head
  const int first_query = blockIdx.x * BR;
  const int row = threadIdx.x / kTeam;
  const int part = threadIdx.x % kTeam;
  const int query = first_query + row;  // may lie beyond N: the row then computes, but writes nothing

  for (int e = threadIdx.x; e < BR * d; e += blockDim.x) {
    const int i = first_query + e / d;
    q_tile[e] = i < N ? Q[(head + i) * d + e % d] : 0.0f;
  }

  float m = -INFINITY;            // largest score of the row so far
  float l = 0.0f;                 // sum of e^(score - m)
  float o[kMaxDim / kTeam] = {};  // columns part, part + kTeam, ... of sum e^(score - m) v

  // FILL: where the keys end that any row of this tile may see. Without the mask that is N.
  const int end = BC;
  for (int first_key = 0; first_key < end; first_key += BC) {
    __syncthreads();  // the tiles before have been used
    for (int e = threadIdx.x; e < BC * d; e += blockDim.x) {
      const int j = first_key + e / d;
      k_tile[e] = j < N ? K[(head + j) * d + e % d] : 0.0f;
      v_tile[e] = j < N ? V[(head + j) * d + e % d] : 0.0f;
    }
    __syncthreads();  // the tiles are complete

    for (int j = part; j < BC; j += kTeam) {
      float dot = 0.0f;
      for (int c = 0; c < d; ++c) {
        dot += q_tile[row * d + c] * k_tile[j * d + c];
      }
      const int key = first_key + j;
      // FILL: -INFINITY for a key that the query does not see: one beyond N, and with causal one after the
      // query.
      const bool visible = key >= 0;
      scores[row][j] = visible ? scale * dot : -INFINITY;
    }
    __syncthreads();  // the scores of the row are written

    // FILL: the maximum with this tile, and what that does to the l and o of the tiles before.
    m = fmaxf(m, scores[row][0]);
    for (int j = 0; j < BC; ++j) {
      const float p = expf(scores[row][j] - m);
      l += p;
      for (int n = 0, c = part; c < d; ++n, c += kTeam) {
        o[n] += p * v_tile[j * d + c];
      }
    }
  }

  if (query < N) {
    for (int n = 0, c = part; c < d; ++n, c += kTeam) {
      O[(head + query) * d + c] = o[n] / l;
    }
    if (part == 0) {
      L[head + query] = 0.0f;  // FILL: the logsumexp of the row, from m and l
    }
  }
}
