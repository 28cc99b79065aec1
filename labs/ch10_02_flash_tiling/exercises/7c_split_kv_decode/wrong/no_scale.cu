// SPDX-License-Identifier: MIT
// Wrong: the scores lack the factor scale.

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
  const int chunk = (t + splits - 1) / splits;
  float* scores = shared;         // [chunk]
  float* query = scores + chunk;  // [d]
  float* scratch = query + d;     // [32]
  const int head = blockIdx.y;
  const int first = blockIdx.x * chunk;
  const int keys = max(0, min(t, first + chunk) - first);
  const float* K = Kc + (static_cast<size_t>(head) * tmax + first) * d;
  const float* V = Vc + (static_cast<size_t>(head) * tmax + first) * d;
  float* o = o_part + (static_cast<size_t>(head) * splits + blockIdx.x) * d;

  for (int c = threadIdx.x; c < d; c += blockDim.x) {
    query[c] = q[head * d + c];
  }
  __syncthreads();  // the query is complete

  float top = -INFINITY;
  for (int j = threadIdx.x; j < keys; j += blockDim.x) {
    float dot = 0.0f;
    for (int c = 0; c < d; ++c) {
      dot += query[c] * K[static_cast<size_t>(j) * d + c];
    }
    scores[j] = dot;
    top = fmaxf(top, scores[j]);
  }
  top = reduce<false>(top, scratch);
  float sum = 0.0f;
  for (int j = threadIdx.x; j < keys; j += blockDim.x) {
    scores[j] = expf(scores[j] - top);
    sum += scores[j];
  }
  sum = reduce<true>(sum, scratch);

  for (int c = threadIdx.x; c < d; c += blockDim.x) {
    float total = 0.0f;
    for (int j = 0; j < keys; ++j) {
      total += scores[j] * V[static_cast<size_t>(j) * d + c];
    }
    o[c] = keys > 0 ? total / sum : 0.0f;
  }
  if (threadIdx.x == 0) {
    lse[head * splits + blockIdx.x] = keys > 0 ? top + logf(sum) : -INFINITY;
  }
}

__global__ void combine(const float* o_part, const float* lse, float* o, int splits, int d) {
  const int head = blockIdx.x;
  o_part += static_cast<size_t>(head) * splits * d;
  lse += head * splits;
  float top = -INFINITY;
  for (int s = 0; s < splits; ++s) {
    top = fmaxf(top, lse[s]);
  }
  for (int c = threadIdx.x; c < d; c += blockDim.x) {
    float total = 0.0f;
    float weights = 0.0f;
    for (int s = 0; s < splits; ++s) {
      const float weight = lse[s] == -INFINITY ? 0.0f : expf(lse[s] - top);
      total += weight * o_part[static_cast<size_t>(s) * d + c];
      weights += weight;
    }
    o[head * d + c] = weights > 0.0f ? total / weights : 0.0f;
  }
}
