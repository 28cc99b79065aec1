// Exercise 1C on one case. SPDX-License-Identifier: MIT
void run(const Call& call) {
  const int t = call.i("t"), tmax = call.i("tmax"), d = call.i("d"), H = call.i("heads");
  launch(call.stream, decode_step, dim3(H), dim3(128), (tmax + d + 32) * sizeof(float), call.f32("q"),
         call.f32("Kc"), call.f32("Vc"), call.f32("o"), t, tmax, d, call.f("scale"));
}
