// What a kernel file may use of CUDA, for the host compiler: qualifiers, vectors, built-ins, intrinsics.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/executor/shim/atomics.hpp"
#include "kernels/executor/shim/integer.hpp"
#include "kernels/executor/shim/math.hpp"
#include "kernels/executor/shim/qualifiers.hpp"
#include "kernels/executor/shim/vectors.hpp"
#include "kernels/executor/shim/warp.hpp"
#if defined(ALAB_BUILD_FLOPS)
#include "kernels/executor/shim/counting_math.hpp"
#endif
