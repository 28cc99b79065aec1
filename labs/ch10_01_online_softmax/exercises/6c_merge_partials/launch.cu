// SPDX-License-Identifier: MIT
// One block of 64 threads per head.
void run(const Call& call) {
  launch(call.stream, merge_partials, dim3(call.i("heads")), dim3(64), 0, call.f32("m"), call.f32("d"),
         call.f32("o"), call.f32("out"), call.i("splits"), call.i("dv"));
}
