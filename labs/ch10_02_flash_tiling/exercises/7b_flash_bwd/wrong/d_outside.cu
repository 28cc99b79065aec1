// SPDX-License-Identifier: MIT
// Wrong: dS = P dP - D, with D outside the parentheses.

constexpr int kTile = 32;
constexpr int kMaxDim = 64;
constexpr int kTeam = 128 / kTile;  // threads of a row of a tile

__global__ void flash_bwd_preprocess(const float* O, const float* dO, float* D, int N, int d) {
  const int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < N) {
    const size_t at = static_cast<size_t>(blockIdx.y) * N + row;
    float sum = 0.0f;
    for (int c = 0; c < d; ++c) {
      sum += O[at * d + c] * dO[at * d + c];
    }
    D[at] = sum;
  }
}

// Rows first ... first + kTile - 1 of a [N][d] array; zeros beyond N.
__device__ void load_tile(float (*tile)[kMaxDim + 1], const float* from, int first, int N, int d) {
  for (int e = threadIdx.x; e < kTile * d; e += blockDim.x) {
    const int row = first + e / d;
    tile[e / d][e % d] = row < N ? from[static_cast<size_t>(row) * d + e % d] : 0.0f;
  }
}

__global__ void flash_bwd(const float* Q, const float* K, const float* V, const float* L, const float* D,
                          const float* dO, float* dQ, float* dK, float* dV, int N, int d, float scale,
                          int causal) {
  __shared__ float q_tile[kTile][kMaxDim + 1];
  __shared__ float do_tile[kTile][kMaxDim + 1];
  __shared__ float k_tile[kTile][kMaxDim + 1];
  __shared__ float v_tile[kTile][kMaxDim + 1];
  __shared__ float p_tile[kTile][kTile + 1];   // [query][key]
  __shared__ float ds_tile[kTile][kTile + 1];  // [query][key]

  const size_t head = static_cast<size_t>(blockIdx.y) * N;
  const int first_key = blockIdx.x * kTile;
  const int row = threadIdx.x / kTeam;  // of a tile: the key of dK and dV, the query of dQ
  const int part = threadIdx.x % kTeam;
  load_tile(k_tile, K + head * d, first_key, N, d);
  load_tile(v_tile, V + head * d, first_key, N, d);

  float dk[kMaxDim / kTeam] = {};  // columns part, part + kTeam, ... of the key's gradients
  float dv[kMaxDim / kTeam] = {};
  for (int first_query = causal ? first_key : 0; first_query < N; first_query += kTile) {
    __syncthreads();  // the tiles before have been used
    load_tile(q_tile, Q + head * d, first_query, N, d);
    load_tile(do_tile, dO + head * d, first_query, N, d);
    __syncthreads();  // the tiles are complete

    for (int e = threadIdx.x; e < kTile * kTile; e += blockDim.x) {
      const int i = e / kTile;
      const int j = e % kTile;
      const int query = first_query + i;
      const int key = first_key + j;
      float p = 0.0f;
      float ds = 0.0f;
      if (query < N && key < N && (!causal || key <= query)) {
        float score = 0.0f;
        float dp = 0.0f;
        for (int c = 0; c < d; ++c) {
          score += q_tile[i][c] * k_tile[j][c];
          dp += do_tile[i][c] * v_tile[j][c];
        }
        p = expf(scale * score - L[head + query]);
        ds = p * dp - D[head + query];
      }
      p_tile[i][j] = p;
      ds_tile[i][j] = ds;
    }
    __syncthreads();  // P and dS are written

    for (int i = 0; i < kTile; ++i) {
      for (int n = 0, c = part; c < d; ++n, c += kTeam) {
        dv[n] += p_tile[i][row] * do_tile[i][c];
        dk[n] += scale * ds_tile[i][row] * q_tile[i][c];
      }
    }
    if (first_query + row < N) {
      for (int c = part; c < d; c += kTeam) {
        float dq = 0.0f;
        for (int j = 0; j < kTile; ++j) {
          dq += scale * ds_tile[row][j] * k_tile[j][c];
        }
        atomicAdd(&dQ[(head + first_query + row) * d + c], dq);
      }
    }
  }

  if (first_key + row < N) {
    for (int n = 0, c = part; c < d; ++n, c += kTeam) {
      dK[(head + first_key + row) * d + c] = dk[n];
      dV[(head + first_key + row) * d + c] = dv[n];
    }
  }
}
