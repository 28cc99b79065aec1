// Values of a kernel's state for the steppers of the labs: `watch("m", row, 0, m_new);`. The executor's
// counted build records them where a TraceWish asks for values (kernels/executor/counted/trace.hpp); in every
// other build nothing happens. Pass what is in a register: a load would be counted. SPDX-License-Identifier:
// MIT
#pragma once

#include "kernels/launch.cuh"

#if defined(ALAB_BUILD_COUNTED)

namespace alab::executor {

/// Const, so that a kernel's loads stay where they are without it.
/// @param name  a literal
/// @param once  nothing that the compiler can foresee, lest it shows equal values once
[[gnu::const]] int watch(const char* name, int row, int col, float value, int once) noexcept;

}  // namespace alab::executor

namespace alab {
inline namespace watching {

/// @param name      a literal
/// @param row, col  which element of what the name stands for
ALAB_SHIM void watch(const char* name, int row, int col, float value) {
  int once;
  asm volatile("" : "=r"(once));
  const int shown = executor::watch(name, row, col, value, once);
  asm volatile("" : : "r"(shown));
}

/// Four neighbouring columns.
ALAB_SHIM void watch(const char* name, int row, int col, const float4& values) {
  watch(name, row, col, values.x);
  watch(name, row, col + 1, values.y);
  watch(name, row, col + 2, values.z);
  watch(name, row, col + 3, values.w);
}

}  // namespace watching
}  // namespace alab

#else

namespace alab {
inline namespace not_watching {

template <class Value>
__device__ inline void watch(const char*, int, int, const Value&) {}

}  // namespace not_watching
}  // namespace alab

#endif
