// CUDA's qualifiers and built-in variables as the host compiler understands them.
// SPDX-License-Identifier: MIT
#pragma once

#include <math.h>

#include <cfloat>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "kernels/executor/view.hpp"

#ifndef ALAB_BUILD_NAMESPACE
#define ALAB_BUILD_NAMESPACE fast_build
#endif

#if defined(ALAB_BUILD_COUNTED)
// Marks that inline_notes.hpp finds in the assembly: 32 where a function runs as a simulated thread only.
#define __global__ __attribute__((aligned(32)))
#define __device__ __attribute__((aligned(32)))
#define __host__ __attribute__((aligned(64)))
#else
#define __global__
#define __device__
#define __host__
#endif
#define __constant__
#define __grid_constant__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(bytes) __attribute__((aligned(bytes)))
// The threads of a block share one OS thread. `extern __shared__` and `__noinline__` are rewritten before the
// compiler sees the file (kernels/executor/rewrite.hpp).
#define __shared__ static thread_local constinit  // no guard variable beside the array

#define ALAB_SHIM inline __attribute__((always_inline))

namespace alab::executor {
inline namespace ALAB_BUILD_NAMESPACE {
/// What a value of type T is when another thread gets it.
template <class T>
struct Passed {
  using type = T;
};
}  // namespace ALAB_BUILD_NAMESPACE
}  // namespace alab::executor

// The rungs' float: the rewritten files of the build that counts operations say alab_float.
#if defined(ALAB_BUILD_FLOPS)
#define ALAB_COUNT(kind) ::alab::executor::counting::count(::alab::counted::FlopKind::kind)
#else
using alab_float = float;
#define ALAB_COUNT(kind) static_cast<void>(0)
namespace alab::executor {
inline namespace ALAB_BUILD_NAMESPACE {
ALAB_SHIM constexpr float plain_value(float x) {
  return x;
}
}  // namespace ALAB_BUILD_NAMESPACE
}  // namespace alab::executor
#endif

#if defined(ALAB_BUILD_COUNTED)
namespace alab::executor {
inline namespace ALAB_BUILD_NAMESPACE {
ALAB_SHIM uint3 unpack(std::uint64_t v) {
  return {static_cast<unsigned>(v), static_cast<unsigned>(v >> 32 & 0xFFFFu), static_cast<unsigned>(v >> 48)};
}
}  // namespace ALAB_BUILD_NAMESPACE
}  // namespace alab::executor
#define threadIdx (::alab::executor::unpack(::alab::executor::packed_thread_idx()))
#define blockIdx (::alab::executor::unpack(::alab::executor::packed_block_idx()))
#define blockDim (::alab::executor::unpack(::alab::executor::packed_block_dim()))
#define gridDim (::alab::executor::unpack(::alab::executor::packed_grid_dim()))
#define ALAB_DYNAMIC_SHARED (::alab::executor::dynamic_shared())
#else
#define threadIdx (::alab::executor::t_view.thread_idx)
#define blockIdx (::alab::executor::t_view.block_idx)
#define blockDim (::alab::executor::t_view.block_dim)
#define gridDim (::alab::executor::t_view.grid_dim)
#define ALAB_DYNAMIC_SHARED (::alab::executor::t_view.dynamic_shared)
#endif

using alab::executor::dim3;
using alab::executor::uint3;
inline constexpr int warpSize = 32;
