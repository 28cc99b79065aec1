// Exercise 3B on one case. SPDX-License-Identifier: MIT
void run(const Call& call) {
  const int N = call.i("N"), d = call.i("d"), m = call.i("m");
  launch(call.stream, favor_features, dim3(N), dim3(128), 0, call.f32("X"), call.f32("W"),
         call.f32("rowmax_or_global"), call.f32("Phi"), N, d, m, call.i("is_query"));
}
