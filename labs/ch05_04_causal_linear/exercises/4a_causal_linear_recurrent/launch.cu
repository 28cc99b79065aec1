// SPDX-License-Identifier: MIT
// One block per head, one thread per value column, m * dv floats of dynamic shared memory.
void run(const Call& call) {
  const int N = call.i("N"), m = call.i("m"), dv = call.i("dv");
  launch(call.stream, causal_linear_recurrent, dim3(call.i("heads")), dim3(dv), m * dv * sizeof(float),
         call.f32("PhiQ"), call.f32("PhiK"), call.f32("V"), call.f32("O"), N, m, dv, call.f("eps"));
}
