// A constant that takes for ever. SPDX-License-Identifier: MIT
constexpr long forever() {
  long i = 0;
  while (true) ++i;
  return i;
}
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  constexpr long x = forever();
  S[0] = x;
}
