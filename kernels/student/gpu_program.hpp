// A student's source compiled by the nvcc of this machine: device code alone, so that nothing of the source
// runs on the host. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "kernels/student/run_case.hpp"

namespace alab::student {

struct Nvcc {
  std::filesystem::path program;  ///< resolved: TOOLKIT/bin/nvcc
  std::string version;            ///< "13.0.88"
  std::string unavailable;        ///< "" or what to install
};
/// From $CUDACXX, PATH or /usr/local/cuda; asked once.
const Nvcc& nvcc();

/// Reads source as compile() does, and compiles it together with the exercise's launch.cu. The program's file
/// is a cubin for sm (90: compute capability 9.0), from the cache when the same was compiled before.
/// @throws Error: no nvcc, or one that does not know this GPU; Cancelled
Program compile_for_gpu(const Exercise& exercise, std::string_view source, int sm,
                        const StudentLimits& limits, const Progress& progress);

}  // namespace alab::student
