// SPDX-License-Identifier: MIT
// One block of 128 threads per split and head, then one per head; shared memory for the scores of a split,
// the query and 32 more.
void run(const Call& call) {
  const int t = call.i("t"), d = call.i("d"), heads = call.i("heads"), splits = call.i("splits");
  launch(call.stream, split_kv_decode, dim3(splits, heads), dim3(128), 4 * (cd(t, splits) + d + 32),
         call.f32("q"), call.f32("Kc"), call.f32("Vc"), call.f32("o_part"), call.f32("lse"), t,
         call.i("tmax"), d, call.f("scale"), splits);
  launch(call.stream, combine, dim3(heads), dim3(128), 0, call.f32("o_part"), call.f32("lse"), call.f32("o"),
         splits, d);
}
