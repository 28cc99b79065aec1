// The one launch interface. A rung's file includes this and nothing of CUDA's or the executor's own:
//
//   ALAB_RUNG(kRung, run) closes the file; see kernels/README.md.
//   alab::launch(stream, kernel<64, 64>, dim3(tiles, heads), dim3(128), shared_bytes, q, k, v, ...);
//
// ALAB_BUILD_CUDA is defined for the nvcc build of the file; otherwise the CPU executor compiles it.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/rung.hpp"
#include "reference/core/param.hpp"

#if defined(ALAB_BUILD_CUDA)
#define ALAB_BUILD_NAMESPACE cuda_build
#include "kernels/cuda/launch_cuda.cuh"
#else
#ifndef ALAB_BUILD_NAMESPACE
#define ALAB_BUILD_NAMESPACE fast_build
#endif
#include "kernels/executor/launch_executor.hpp"
#endif

// Closes a rung's file: ALAB_RUNG_SYMBOL is set by the build from the folder and the file's name
// (rung_flash_attention_fwd_30_fa2_order), kRung is the file's constant, run its launcher.
#define ALAB_RUNG(kRung, run)                     \
  namespace alab::ALAB_BUILD_NAMESPACE {          \
  extern const RungBuild ALAB_RUNG_SYMBOL;        \
  const RungBuild ALAB_RUNG_SYMBOL{&kRung, &run}; \
  }
