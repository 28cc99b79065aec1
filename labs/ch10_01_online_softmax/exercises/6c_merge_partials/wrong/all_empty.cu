// SPDX-License-Identifier: MIT
// Wrong: when no split has a key, (-inf) - (-inf) gives NaN instead of 0.

__global__ void merge_partials(const float* m, const float* d, const float* o, float* out, int splits,
                               int dv) {
  const int head = blockIdx.x;
  m += head * splits;
  d += head * splits;
  o += static_cast<size_t>(head) * splits * dv;
  out += head * dv;

  float top = -INFINITY;
  for (int s = 0; s < splits; ++s) {
    top = fmaxf(top, m[s]);
  }
  float sum = 0.0f;
  for (int s = 0; s < splits; ++s) {
    sum += expf(m[s] - top) * d[s];
  }
  for (int c = threadIdx.x; c < dv; c += blockDim.x) {
    float total = 0.0f;
    for (int s = 0; s < splits; ++s) {
      total += expf(m[s] - top) * o[s * dv + c];
    }
    out[c] = total / sum;
  }
}
