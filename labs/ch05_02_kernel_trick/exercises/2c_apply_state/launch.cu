// Exercise 2C on one case. SPDX-License-Identifier: MIT
#if !defined(ALAB_BUILD_CUDA)
// Not counted as an access of the kernel.
[[gnu::noinline, gnu::no_sanitize("thread")]] void set_head(unsigned head) {
  ::alab::executor::t_view.block_idx.y = head;
}

using ApplyState = void (*)(const float*, const float*, const float*, float*, int, int, int, float);

// The kernel as the blocks of one head run it.
__global__ void one_head(ApplyState kernel, unsigned head, const float* PhiQ, const float* S, const float* z,
                         float* O, int N, int m, int dv, float eps) {
  set_head(head);
  kernel(PhiQ, S, z, O, N, m, dv, eps);
}

// Where an array would begin whose last head is at p.
float* begin_of(float* p, size_t heads_before, int per_head) {
  return reinterpret_cast<float*>(reinterpret_cast<uintptr_t>(p) - heads_before * per_head * sizeof(float));
}

void run_last_head(const Call& call) {
  const int N = call.i("N"), m = call.i("m"), dv = call.i("dv"), before = call.i("heads") - 1;
  launch(call.stream, one_head, dim3(N), dim3(64), 0, apply_state, before,
         begin_of(call.f32("PhiQ"), before, N * m), begin_of(call.f32("S"), before, m * dv),
         begin_of(call.f32("z"), before, m), begin_of(call.f32("O"), before, N * dv), N, m, dv,
         call.f("eps"));
}
#else
void run_last_head(const Call&) {
  throw Error("alone=1 needs the executor; a GPU runs all heads");
}
#endif

void run(const Call& call) {
  if (call.i("alone") != 0) {
    run_last_head(call);
    return;
  }
  const int N = call.i("N"), m = call.i("m"), dv = call.i("dv"), H = call.i("heads");
  launch(call.stream, apply_state, dim3(N, H), dim3(64), 0, call.f32("PhiQ"), call.f32("S"), call.f32("z"),
         call.f32("O"), N, m, dv, call.f("eps"));
}
