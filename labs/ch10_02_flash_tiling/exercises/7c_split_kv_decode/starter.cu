// SPDX-License-Identifier: MIT
// 7C. One new token attends to t keys. A single block would leave the GPU idle, so the keys are cut into
// splits, one block each, and a second kernel combines what they found.
//
// Given: the plan of shared memory, the query, the maximum and the sum over a block, the pointers. Where it
// says FILL, a value stands that compiles and is wrong.

// Maximum or sum over the block, known to every thread; scratch holds 32 floats.
template <bool kSum>
__device__ float reduce(float x, float* scratch) {
  for (int step = 16; step > 0; step /= 2) {
    const float other = __shfl_xor_sync(0xffffffffu, x, step);
    x = kSum ? x + other : fmaxf(x, other);
  }
  __syncthreads();  // scratch may be overwritten
  if (threadIdx.x % 32 == 0) {
    scratch[threadIdx.x / 32] = x;
  }
  __syncthreads();  // every warp has written
  x = scratch[0];
  for (int w = 1; w < static_cast<int>(blockDim.x) / 32; ++w) {
    x = kSum ? x + scratch[w] : fmaxf(x, scratch[w]);
  }
  return x;
}

__global__ void split_kv_decode(const float* q, const float* Kc, const float* Vc, float* o_part, float* lse,
                                int t, int tmax, int d, float scale, int splits) {
  extern __shared__ float shared[];
  const int chunk = (t + splits - 1) / splits;  // keys of a split, but for the last
  float* scores = shared;                       // [chunk]
  float* query = scores + chunk;                // [d]
  float* scratch = query + d;                   // [32]
  const int head = blockIdx.y;
  const int first = blockIdx.x * chunk;

  // FILL: how many keys this split has. The last one may have fewer than chunk, and there may be splits
  // without.
  const int keys = min(chunk, 1);

  // Row j of K and V is the j-th key of this split. Rows of the cache from t on hold NaN.
  const float* K = Kc + (static_cast<size_t>(head) * tmax + first) * d;
  const float* V = Vc + (static_cast<size_t>(head) * tmax + first) * d;
  float* o = o_part + (static_cast<size_t>(head) * splits + blockIdx.x) * d;

  for (int c = threadIdx.x; c < d; c += blockDim.x) {
    query[c] = q[head * d + c];
  }
  __syncthreads();  // the query is complete

  // FILL: the scores of the split's keys, their maximum top and the sum of e^(score - top). Keep the weights
  // in scores. reduce<false>(x, scratch) gives the block's maximum of x, reduce<true> its sum.
  float top = 0.0f;
  float sum = 1.0f;

  for (int c = threadIdx.x; c < d; c += blockDim.x) {
    float total = 0.0f;
    // FILL: the weighted sum of column c of the values.
    o[c] = keys > 0 ? total / sum : 0.0f;
  }
  if (threadIdx.x == 0) {
    // FILL: the logsumexp of the split, also of one without keys.
    lse[head * splits + blockIdx.x] = top + logf(sum);
  }
}

// o_part [heads][splits][d], normalised within each split; lse [heads][splits].
__global__ void combine(const float* o_part, const float* lse, float* o, int splits, int d) {
  const int head = blockIdx.x;
  o_part += static_cast<size_t>(head) * splits * d;
  lse += head * splits;
  for (int c = threadIdx.x; c < d; c += blockDim.x) {
    // FILL: column c of the output over all splits, each with its weight; 0 when no split has a key.
    o[head * d + c] = o_part[c];
  }
}
