// SPDX-License-Identifier: MIT
// One block per head, one thread per value column, dk * dv floats of dynamic shared memory.
void run(const Call& call) {
  const int N = call.i("N"), dk = call.i("dk"), dv = call.i("dv");
  launch(call.stream, gla_recurrent, dim3(call.i("heads")), dim3(dv), dk * dv * sizeof(float), call.f32("q"),
         call.f32("k"), call.f32("v"), call.f32("logalpha"), call.f32("o"), N, dk, dv);
}
