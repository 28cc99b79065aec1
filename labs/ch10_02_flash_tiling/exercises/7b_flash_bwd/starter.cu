// SPDX-License-Identifier: MIT
// 7B. The gradients of attention, with P computed again tile by tile from L instead of being kept.
//
// Given: the first kernel's rows, the tiles and their loading, who owns which sum, and the writing of dK and
// dV. Where it says FILL, a value stands that compiles and is wrong.

constexpr int kTile = 32;
constexpr int kMaxDim = 64;
constexpr int kTeam = 128 / kTile;  // threads of a row of a tile

// D [heads][N]; one thread per row.
__global__ void flash_bwd_preprocess(const float* O, const float* dO, float* D, int N, int d) {
  const int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row < N) {
    const size_t at = static_cast<size_t>(blockIdx.y) * N + row;
    D[at] = 0.0f;  // FILL: the dot product of the rows of O and dO
  }
}

// Rows first ... first + kTile - 1 of a [N][d] array; zeros beyond N.
__device__ void load_tile(float (*tile)[kMaxDim + 1], const float* from, int first, int N, int d) {
  for (int e = threadIdx.x; e < kTile * d; e += blockDim.x) {
    const int row = first + e / d;
    tile[e / d][e % d] = row < N ? from[static_cast<size_t>(row) * d + e % d] : 0.0f;
  }
}

// One block owns 32 keys; four threads share one of them and own every fourth column of its dK and dV.
__global__ void flash_bwd(const float* Q, const float* K, const float* V, const float* L, const float* D,
                          const float* dO, float* dQ, float* dK, float* dV, int N, int d, float scale,
                          int causal) {
  __shared__ float q_tile[kTile][kMaxDim + 1];
  __shared__ float do_tile[kTile][kMaxDim + 1];
  __shared__ float k_tile[kTile][kMaxDim + 1];
  __shared__ float v_tile[kTile][kMaxDim + 1];
  __shared__ float p_tile[kTile][kTile + 1];   // [query][key]
  __shared__ float ds_tile[kTile][kTile + 1];  // [query][key]

  const size_t head = static_cast<size_t>(blockIdx.y) * N;  // rows before this head
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
        // FILL: the weight p from the score and L, dp = dO_i . V_j, and ds from p, dp and D.
        p = 1.0f;
        ds = 0.0f;
      }
      p_tile[i][j] = p;
      ds_tile[i][j] = ds;
    }
    __syncthreads();  // P and dS are written

    // The block's own sums: over the queries of the tile.
    for (int i = 0; i < kTile; ++i) {
      for (int n = 0, c = part; c < d; ++n, c += kTeam) {
        dv[n] += p_tile[i][row] * do_tile[i][c];
        dk[n] += 0.0f;  // FILL: the share of query i in dK
      }
    }

    // FILL: dQ of the query first_query + row (when there is one), columns part, part + kTeam, ...: the sum
    // over the keys of this block. Other blocks add the shares of their keys to the same elements.
  }

  if (first_key + row < N) {
    for (int n = 0, c = part; c < d; ++n, c += kTeam) {
      dK[(head + first_key + row) * d + c] = dk[n];
      dV[(head + first_key + row) * d + c] = dv[n];
    }
  }
}
