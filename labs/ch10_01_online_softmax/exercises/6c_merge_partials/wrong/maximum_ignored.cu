// SPDX-License-Identifier: MIT
// Wrong: sums and outputs add up as they are, each relative to another maximum.

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
    sum += m[s] == -INFINITY ? 0.0f : d[s];
  }
  for (int c = threadIdx.x; c < dv; c += blockDim.x) {
    float total = 0.0f;
    for (int s = 0; s < splits; ++s) {
      total += m[s] == -INFINITY ? 0.0f : o[s * dv + c];
    }
    out[c] = sum > 0.0f ? total / sum : 0.0f;
  }
}
