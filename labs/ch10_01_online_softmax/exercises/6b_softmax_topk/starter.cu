// SPDX-License-Identifier: MIT
// 6B. The K largest probabilities of every row's softmax and the columns where they stand, from one look at
// each score.
//
// Given: the pair (m, d) of maximum and sum with its merge, and how the block picks the best of the threads'
// best, K times. Where it says FILL, a value stands that compiles and is wrong.

constexpr int kMaxTop = 16;  // K is at most this
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

// Whether a stands before b in the answer.
__device__ bool before(Candidate a, Candidate b) {
  // FILL: larger scores first, and of equal ones the lower column.
  return a.x > b.x;
}

__global__ void softmax_topk(const float* X, float* v, int* z, int rows, int cols, int K) {
  __shared__ Part part_of_warp[4];
  __shared__ Candidate best_of_warp[4];
  const float* x = X + static_cast<size_t>(blockIdx.x) * cols;
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;

  Part part = {-INFINITY, 0.0f};
  Candidate list[kMaxTop];  // the thread's K best so far, in the order of the answer
  for (int k = 0; k < K; ++k) {
    list[k] = {-INFINITY, -1};
  }
  for (int j = threadIdx.x; j < cols; j += blockDim.x) {
    const Candidate c = {x[j], j};  // the only load of this score
    part = merge(part, {c.x, 1.0f});
    // FILL: put c at its place in the list, when it has one; what stood there and behind moves on by one.
    list[0] = c;
  }

  // The pair of the whole row, known to every thread.
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
  for (int k = 0; k < K; ++k) {
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
      // FILL: the probability of best, and 0 and -1 when the row has no k-th score.
      v[blockIdx.x * K + k] = best.x;
      z[blockIdx.x * K + k] = best.column;
    }
    __syncthreads();  // every warp has read the four
  }
}
