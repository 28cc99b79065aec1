// SPDX-License-Identifier: MIT
// First D, one thread per row; then one block of 128 threads per tile of 32 keys. dQ is zero before.
void run(const Call& call) {
  const int N = call.i("N"), d = call.i("d"), heads = call.i("heads");
  launch(call.stream, flash_bwd_preprocess, dim3(cd(N, 128), heads), dim3(128), 0, call.f32("O"),
         call.f32("dO"), call.f32("D"), N, d);
  launch(call.stream, flash_bwd, dim3(cd(N, 32), heads), dim3(128), 0, call.f32("Q"), call.f32("K"),
         call.f32("V"), call.f32("L"), call.f32("D"), call.f32("dO"), call.f32("dQ"), call.f32("dK"),
         call.f32("dV"), N, d, call.f("scale"), call.i("causal"));
}
