// An object whose constructor runs at load. SPDX-License-Identifier: MIT
int at_load();
struct Early {
  Early() { value = at_load(); }
  int value;
};
int at_load() { return 7; }
Early early;
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  S[0] = early.value;
}
