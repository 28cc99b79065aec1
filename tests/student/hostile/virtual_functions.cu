// A table of functions that is not its own. SPDX-License-Identifier: MIT
struct Base {
  virtual ~Base() = default;
  virtual float f() = 0;
};
__global__ void scores_naive(const float* Q, const float* K, float* S, int N, int d, float scale) {
  Base* b = reinterpret_cast<Base*>(S);
  S[1] = b->f();
}
