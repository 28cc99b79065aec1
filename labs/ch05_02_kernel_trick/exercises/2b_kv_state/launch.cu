// Exercise 2B on one case. SPDX-License-Identifier: MIT
void run(const Call& call) {
  const int N = call.i("N"), m = call.i("m"), dv = call.i("dv"), H = call.i("heads");
  launch(call.stream, kv_state, dim3(H), dim3(256), 0, call.f32("PhiK"), call.f32("V"), call.f32("S"),
         call.f32("z"), N, m, dv);
}
