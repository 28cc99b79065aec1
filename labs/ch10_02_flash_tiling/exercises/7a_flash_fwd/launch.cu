// SPDX-License-Identifier: MIT
// One block of 128 threads per tile of 32 queries and head; Q, K and V tiles in dynamic shared memory.
void run(const Call& call) {
  constexpr int BR = 32, BC = 32;
  const int N = call.i("N"), d = call.i("d");
  launch(call.stream, flash_fwd<BR, BC>, dim3(cd(N, BR), call.i("heads")), dim3(128), 4 * (BR + 2 * BC) * d,
         call.f32("Q"), call.f32("K"), call.f32("V"), call.f32("O"), call.f32("L"), N, d, call.f("scale"),
         call.i("causal"));
}
