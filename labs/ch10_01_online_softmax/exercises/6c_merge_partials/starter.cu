// SPDX-License-Identifier: MIT
// 6C. Several blocks have each attended to a part of the keys; this kernel makes one output of their results.
//
// Given: the pointers of the block's head and the loop over the columns. Where it says FILL, a value stands
// that compiles and is wrong.

// m, d [heads][splits]: maximum of a split's scores and sum of e^(score - m) over them.
// o [heads][splits][dv]: sum of e^(score - m) times the value, not divided by d.
// A split without keys has m = -INFINITY, d = 0, o = 0.
__global__ void merge_partials(const float* m, const float* d, const float* o, float* out, int splits,
                               int dv) {
  const int head = blockIdx.x;
  m += head * splits;
  d += head * splits;
  o += static_cast<size_t>(head) * splits * dv;
  out += head * dv;

  // FILL: the maximum of all splits.
  float top = m[0];

  // FILL: the sum over all keys, relative to that maximum.
  float sum = d[0];

  for (int c = threadIdx.x; c < dv; c += blockDim.x) {
    // FILL: column c of the output over all keys, and 0 when no split has a key.
    out[c] = o[c] / sum;
  }
}
