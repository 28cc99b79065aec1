// SPDX-License-Identifier: MIT
// One block of 128 threads per head; shared memory for the state and for the chunk's cumulative log gates.
void run(const Call& call) {
  const int N = call.i("N"), dk = call.i("dk"), dv = call.i("dv"), C = call.i("C");
  launch(call.stream, gla_chunk_two_level, dim3(call.i("heads")), dim3(128),
         (dk * dv + C * dk) * sizeof(float), call.f32("q"), call.f32("k"), call.f32("v"),
         call.f32("logalpha"), call.f32("o"), N, dk, dv, C, call.i("c"));
}
