// SPDX-License-Identifier: MIT
// One block per head, a thread for each feature and for each value column, m * dv floats of shared memory.
void run(const Call& call) {
  const int N = call.i("N"), m = call.i("m"), dv = call.i("dv");
  launch(call.stream, causal_linear_bwd, dim3(call.i("heads")), dim3(m > dv ? m : dv), m * dv * sizeof(float),
         call.f32("PhiQ"), call.f32("PhiK"), call.f32("V"), call.f32("G"), call.f32("dQ"), call.f32("dK"),
         call.f32("dV"), N, m, dv);
}
