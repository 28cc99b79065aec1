// SPDX-License-Identifier: MIT
// 6A. Softmax of every row of X, one block per row, in two passes over the row.
//
// The first pass finds the maximum m and the sum d = sum of e^(x - m) together; the second writes e^(x - m) /
// d. The loops, the way through the warps and the writing are given. Where it says FILL, a value stands that
// compiles and is wrong.

// What is known about some of the scores: their maximum, and the sum of e^(x - m) over them.
// Of no scores at all: m = -INFINITY, d = 0.
struct Part {
  float m, d;
};

// What is known about the scores of a and b together.
__device__ Part merge(Part a, Part b) {
  // FILL: the new maximum, and both sums brought to it. Either part may be of no scores at all; also both.
  return {fmaxf(a.m, b.m), a.d};
}

__global__ void online_softmax_rows(const float* X, float* Y, int rows, int cols) {
  __shared__ Part per_warp[32];  // a block has 32 warps at most; this one has blockDim.x / 32
  const float* x = X + static_cast<size_t>(blockIdx.x) * cols;
  float* y = Y + static_cast<size_t>(blockIdx.x) * cols;
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;

  // Each thread goes through every blockDim.x-th score; a thread may find none.
  Part part = {-INFINITY, 0.0f};
  for (int j = threadIdx.x; j < cols; j += blockDim.x) {
    part = merge(part, {x[j], 1.0f});
  }

  // FILL: merge the parts of the 32 lanes of a warp. __shfl_xor_sync(0xffffffffu, value, 16) gives the value
  // that the lane 16 further on holds; then 8, 4, 2, 1.

  if (lane == 0) {
    per_warp[warp] = part;
  }
  __syncthreads();  // every warp has written its part

  // FILL: merge the parts of all warps of the block. Their number need not be a power of two.
  part = per_warp[0];

  // FILL: a row that holds nothing but -INFINITY gives zeros.
  for (int j = threadIdx.x; j < cols; j += blockDim.x) {
    y[j] = expf(x[j] - part.m) / part.d;
  }
}
