// SPDX-License-Identifier: MIT
// Wrong: the slots for which the row has no score are not written.

constexpr int kMaxTop = 16;
constexpr unsigned kAll = 0xffffffffu;

// Maximum of some scores and sum of e^(x - m) over them; (-INFINITY, 0) of none.
struct Part {
  float m, d;
};

__device__ Part merge(Part a, Part b) {
  const float m = fmaxf(a.m, b.m);
  if (m == -INFINITY) {
    return {-INFINITY, 0.0f};
  }
  return {m, a.d * expf(a.m - m) + b.d * expf(b.m - m)};
}

// A score and its column; (-INFINITY, -1) is none.
struct Candidate {
  float x;
  int column;
};

__device__ bool before(Candidate a, Candidate b) {
  return a.x > b.x || (a.x == b.x && a.column < b.column);
}

__global__ void softmax_topk(const float* X, float* v, int* z, int rows, int cols, int K) {
  __shared__ Part part_of_warp[4];
  __shared__ Candidate best_of_warp[4];
  const float* x = X + static_cast<size_t>(blockIdx.x) * cols;
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;

  Part part = {-INFINITY, 0.0f};
  Candidate list[kMaxTop];  // the thread's K best, in order
  for (int k = 0; k < K; ++k) {
    list[k] = {-INFINITY, -1};
  }
  for (int j = threadIdx.x; j < cols; j += blockDim.x) {
    const Candidate c = {x[j], j};
    part = merge(part, {c.x, 1.0f});
    if (before(c, list[K - 1])) {
      int k = K - 1;
      for (; k > 0 && before(c, list[k - 1]); --k) {
        list[k] = list[k - 1];
      }
      list[k] = c;
    }
  }

  for (int step = 16; step > 0; step /= 2) {
    const Part other = {__shfl_xor_sync(kAll, part.m, step), __shfl_xor_sync(kAll, part.d, step)};
    part = merge(part, other);
  }
  if (lane == 0) {
    part_of_warp[warp] = part;
  }
  __syncthreads();  // every warp has written its part
  part = part_of_warp[0];
  for (int w = 1; w < 4; ++w) {
    part = merge(part, part_of_warp[w]);
  }

  int next = 0;  // the first of the thread's list that is not yet taken
  for (int k = 0; k < min(K, cols); ++k) {
    Candidate best = next < K ? list[next] : Candidate{-INFINITY, -1};
    for (int step = 16; step > 0; step /= 2) {
      const Candidate other = {__shfl_xor_sync(kAll, best.x, step), __shfl_xor_sync(kAll, best.column, step)};
      best = before(other, best) ? other : best;
    }
    if (lane == 0) {
      best_of_warp[warp] = best;
    }
    __syncthreads();  // every warp has written its best
    for (int w = 0; w < 4; ++w) {
      best = before(best_of_warp[w], best) ? best_of_warp[w] : best;
    }
    if (next < K && best.column >= 0 && best.column == list[next].column) {
      ++next;
    }
    if (threadIdx.x == 0) {
      const bool found = best.column >= 0;
      v[blockIdx.x * K + k] = found ? expf(best.x - part.m) / part.d : 0.0f;
      z[blockIdx.x * K + k] = found ? best.column : -1;
    }
    __syncthreads();  // every warp has read the four
  }
}
