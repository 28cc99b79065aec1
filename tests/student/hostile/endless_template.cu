// A template without an end. SPDX-License-Identifier: MIT
template <int N> struct Down { static constexpr int value = Down<N + 1>::value; };
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  S[0] = Down<0>::value;
}
