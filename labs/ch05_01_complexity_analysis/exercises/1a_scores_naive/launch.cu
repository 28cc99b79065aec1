// Exercise 1A on one case. SPDX-License-Identifier: MIT
void run(const Call& call) {
  const int N = call.i("N"), d = call.i("d"), H = call.i("heads");
  launch(call.stream, scores_naive, dim3(cd(N, 16), cd(N, 16), H), dim3(16, 16), 0, call.f32("Q"),
         call.f32("K"), call.f32("S"), N, d, call.f("scale"));
}
