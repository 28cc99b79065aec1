// SPDX-License-Identifier: MIT
// One block of 128 threads per row.
void run(const Call& call) {
  const int rows = call.i("rows");
  launch(call.stream, softmax_topk, dim3(rows), dim3(128), 0, call.f32("X"), call.f32("v"), call.i32("z"),
         rows, call.i("cols"), call.i("K"));
}
