// SPDX-License-Identifier: MIT
// First one block per head for the states, then one per chunk and head for the outputs.
void run(const Call& call) {
  const int N = call.i("N"), m = call.i("m"), dv = call.i("dv"), C = call.i("C"), H = call.i("heads");
  launch(call.stream, chunk_states, dim3(H), dim3(256), 0, call.f32("PhiK"), call.f32("V"), call.f32("S"), N,
         m, dv, C);
  launch(call.stream, chunk_outputs, dim3(cd(N, C), H), dim3(128), 0, call.f32("PhiQ"), call.f32("PhiK"),
         call.f32("V"), call.f32("S"), call.f32("O"), N, m, dv, C);
}
