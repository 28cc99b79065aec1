// SPDX-License-Identifier: MIT
// One block per row; the case says how many threads it has.
void run(const Call& call) {
  const int rows = call.i("rows");
  launch(call.stream, online_softmax_rows, dim3(rows), dim3(call.i("block")), 0, call.f32("X"), call.f32("Y"),
         rows, call.i("cols"));
}
