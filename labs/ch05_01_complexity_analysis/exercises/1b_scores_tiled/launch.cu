// Exercise 1B on one case. SPDX-License-Identifier: MIT
void run(const Call& call) {
  const int N = call.i("N"), d = call.i("d"), H = call.i("heads"), T = call.i("T");
  const auto kernel = T == 16 ? scores_tiled<16> : scores_tiled<32>;
  launch(call.stream, kernel, dim3(cd(N, T), cd(N, T), H), dim3(T, T), 0, call.f32("Q"), call.f32("K"),
         call.f32("S"), N, d, call.f("scale"));
}
