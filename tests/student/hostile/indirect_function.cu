// Chosen at load by code of its own. SPDX-License-Identifier: MIT
extern "C" int chosen();
extern "C" void* choose() { return reinterpret_cast<void*>(&choose); }
extern "C" __attribute__((ifunc("choose"))) int chosen();
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  S[0] = chosen();
}
