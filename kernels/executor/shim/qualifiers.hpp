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

#define __global__
#define __device__
#define __host__
#define __constant__
#define __grid_constant__
#define __launch_bounds__(...)
#define __forceinline__ inline __attribute__((always_inline))
#define __align__(bytes) __attribute__((aligned(bytes)))
// The threads of a block share one OS thread. `extern __shared__` and `__noinline__` are rewritten before the
// compiler sees the file (kernels/executor/rewrite.hpp).
#define __shared__ static thread_local

#define ALAB_SHIM inline __attribute__((always_inline))

#define threadIdx (::alab::executor::t_view.thread_idx)
#define blockIdx (::alab::executor::t_view.block_idx)
#define blockDim (::alab::executor::t_view.block_dim)
#define gridDim (::alab::executor::t_view.grid_dim)

using alab::executor::dim3;
using alab::executor::uint3;
inline constexpr int warpSize = 32;
