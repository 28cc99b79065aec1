// A student's kernels on this machine's GPU, in a process of their own: alab_gpu, which lies beside the
// running program. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "kernels/student/gpu_wire.hpp"
#include "kernels/student/run_case.hpp"

namespace alab::student {

/// Asked once, of alab_gpu: without a GPU or a driver its `unavailable` says what to install.
const GpuDevice& gpu_device();

/// alab_gpu.
std::filesystem::path gpu_program();

struct GpuCase {
  Case what;
  const HostArrays* inputs = nullptr;
};

/// Each case with guard bands and outputs that hold NaN, in one process as long as none ends it. Orders do
/// not matter: a GPU has its own. After a case that did not end in time no other is run, and all later ones
/// have its verdict. What launch.cu leaves to the executor ends with a sentence that contains kNeedsExecutor.
/// @param program  a cubin, of compile_for_gpu
/// @throws Error when it cannot be started; Cancelled
std::vector<CaseRun> run_cases_on_gpu(const Exercise& exercise, const Program& program,
                                      const std::vector<GpuCase>& cases, const StudentLimits& limits,
                                      const Progress& progress);
inline constexpr std::string_view kNeedsExecutor = "needs the executor";

/// Seconds of all launches of a case together, repeats times after three that warm up.
/// @throws Error with what ended it
std::vector<double> times_on_gpu(const Exercise& exercise, const Program& program, const GpuCase& c,
                                 int repeats, const StudentLimits& limits, const Progress& progress);

/// A GpuRequest for these cases.
std::vector<std::byte> gpu_request(const Exercise& exercise, const Program& program,
                                   std::span<const GpuCase> cases, bool bare, int repeats);

}  // namespace alab::student
