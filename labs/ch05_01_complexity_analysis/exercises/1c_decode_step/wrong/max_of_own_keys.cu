// Wrong: each thread subtracts the largest score of its own keys, so that weights of different threads do not
// compare. SPDX-License-Identifier: MIT
__device__ float over_warp(float x, bool maximum) {
  for (int lanes = 16; lanes > 0; lanes /= 2) {
    const float other = __shfl_xor_sync(0xffffffffu, x, lanes);
    x = maximum ? fmaxf(x, other) : x + other;
  }
  return x;
}

// Maximum or sum over the block, for every thread. parts has room for a number of each warp.
__device__ float over_block(float x, bool maximum, float* parts) {
  x = over_warp(x, maximum);
  __syncthreads();  // parts of the last call have been read
  if (threadIdx.x % 32 == 0) {
    parts[threadIdx.x / 32] = x;
  }
  __syncthreads();  // all warps have written
  x = parts[0];
  for (int w = 1; w < static_cast<int>(blockDim.x) / 32; ++w) {
    x = maximum ? fmaxf(x, parts[w]) : x + parts[w];
  }
  return x;
}

__global__ void decode_step(const float* q, const float* Kc, const float* Vc, float* o, int t, int tmax,
                            int d, float scale) {
  extern __shared__ float shared[];
  float* p = shared;             // [tmax]
  float* q_row = shared + tmax;  // [d]
  float* parts = q_row + d;      // [32]
  const size_t head = blockIdx.x;
  const float* keys = Kc + head * tmax * d;
  const float* values = Vc + head * tmax * d;
  for (int c = threadIdx.x; c < d; c += blockDim.x) {
    q_row[c] = q[head * d + c];
  }
  __syncthreads();  // the query is complete
  float largest = -INFINITY;
  for (int j = threadIdx.x; j < t; j += blockDim.x) {
    float sum = 0.0f;
    for (int c = 0; c < d; ++c) {
      sum += q_row[c] * keys[j * d + c];
    }
    p[j] = scale * sum;
    largest = fmaxf(largest, p[j]);
  }
  float total = 0.0f;
  for (int j = threadIdx.x; j < t; j += blockDim.x) {
    p[j] = expf(p[j] - largest);
    total += p[j];
  }
  total = over_block(total, false, parts);  // its barriers also complete the weights
  for (int c = threadIdx.x; c < d; c += blockDim.x) {
    float sum = 0.0f;
    for (int j = 0; j < t; ++j) {
      sum += p[j] * values[j * d + c];
    }
    o[head * d + c] = sum / total;
  }
}
