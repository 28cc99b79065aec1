// SPDX-License-Identifier: MIT
// Wrong: a row of -infinity is divided like any other: NaN instead of 0.

// Maximum of some scores and sum of e^(x - m) over them; (-INFINITY, 0) of none.
struct Part {
  float m, d;
};

__device__ Part merge(Part a, Part b) {
  const float m = fmaxf(a.m, b.m);
  if (m == -INFINITY) {
    return {-INFINITY, 0.0f};  // (-inf) - (-inf) would be NaN
  }
  return {m, a.d * expf(a.m - m) + b.d * expf(b.m - m)};
}

__global__ void online_softmax_rows(const float* X, float* Y, int rows, int cols) {
  __shared__ Part per_warp[32];
  const float* x = X + static_cast<size_t>(blockIdx.x) * cols;
  float* y = Y + static_cast<size_t>(blockIdx.x) * cols;
  const int lane = threadIdx.x % 32;
  const int warp = threadIdx.x / 32;

  Part part = {-INFINITY, 0.0f};
  for (int j = threadIdx.x; j < cols; j += blockDim.x) {
    part = merge(part, {x[j], 1.0f});
  }
  for (int step = 16; step > 0; step /= 2) {
    const Part other = {__shfl_xor_sync(0xffffffffu, part.m, step),
                        __shfl_xor_sync(0xffffffffu, part.d, step)};
    part = merge(part, other);
  }
  if (lane == 0) {
    per_warp[warp] = part;
  }
  __syncthreads();  // every warp has written its part
  part = per_warp[0];
  for (int w = 1; w < static_cast<int>(blockDim.x) / 32; ++w) {
    part = merge(part, per_warp[w]);
  }

  for (int j = threadIdx.x; j < cols; j += blockDim.x) {
    y[j] = expf(x[j] - part.m) / part.d;
  }
}
