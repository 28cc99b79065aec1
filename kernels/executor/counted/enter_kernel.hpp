// How a simulated thread enters and leaves the instrumented code of its kernel.
// SPDX-License-Identifier: MIT
#pragma once

namespace alab::counted {

/// What a counted launch calls for each thread instead of the kernel: Launch::invoke and Launch::call.
struct KernelEntry {
  void (*invoke)(const void* call);
  const void* call;
};
void enter_kernel(const void* kernel_entry);

}  // namespace alab::counted
