// SPDX-License-Identifier: MIT
// One block of 256 threads per chunk and head.
void run(const Call& call) {
  const int N = call.i("N"), C = call.i("C"), dk = call.i("dk");
  launch(call.stream, gla_intra_log, dim3(cd(N, C), call.i("heads")), dim3(256), 0, call.f32("q"),
         call.f32("k"), call.f32("glogcum"), call.f32("A"), N, C, dk);
}
