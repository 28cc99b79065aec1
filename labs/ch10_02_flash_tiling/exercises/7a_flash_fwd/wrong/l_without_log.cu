// SPDX-License-Identifier: MIT
// Wrong: L is m + l, without the logarithm.

template <int BR, int BC>
__global__ void flash_fwd(const float* Q, const float* K, const float* V, float* O, float* L, int N, int d,
                          float scale, int causal) {
  constexpr int kMaxDim = 64;
  constexpr int kTeam = 128 / BR;  // threads of a row, all in one warp
  extern __shared__ float tiles[];
  float* q_tile = tiles;            // [BR][d]
  float* k_tile = q_tile + BR * d;  // [BC][d]
  float* v_tile = k_tile + BC * d;  // [BC][d]
  __shared__ float scores[BR][BC + 1];

  const size_t head = static_cast<size_t>(blockIdx.y) * N;
  const int first_query = blockIdx.x * BR;
  const int row = threadIdx.x / kTeam;
  const int part = threadIdx.x % kTeam;
  const int query = first_query + row;

  for (int e = threadIdx.x; e < BR * d; e += blockDim.x) {
    const int i = first_query + e / d;
    q_tile[e] = i < N ? Q[(head + i) * d + e % d] : 0.0f;
  }

  float m = -INFINITY;            // largest score of the row so far
  float l = 0.0f;                 // sum of e^(score - m)
  float o[kMaxDim / kTeam] = {};  // columns part, part + kTeam, ... of sum e^(score - m) v
  const int end = causal ? min(N, first_query + BR) : N;
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
      const bool visible = key < N && (!causal || key <= query);
      scores[row][j] = visible ? scale * dot : -INFINITY;
    }
    __syncthreads();  // the scores of the row are written

    float m_new = m;
    for (int j = 0; j < BC; ++j) {
      m_new = fmaxf(m_new, scores[row][j]);
    }
    const float factor = expf(m - m_new);  // finite: the first tile holds a visible key for every row
    l *= factor;
    for (int n = 0; n < kMaxDim / kTeam; ++n) {
      o[n] *= factor;
    }
    for (int j = 0; j < BC; ++j) {
      const float p = expf(scores[row][j] - m_new);
      l += p;
      for (int n = 0, c = part; c < d; ++n, c += kTeam) {
        o[n] += p * v_tile[j * d + c];
      }
    }
    m = m_new;
  }

  if (query < N) {
    for (int n = 0, c = part; c < d; ++n, c += kTeam) {
      O[(head + query) * d + c] = o[n] / l;
    }
    if (part == 0) {
      L[head + query] = m + l;
    }
  }
}
