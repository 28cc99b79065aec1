// The verdict with this machine's GPU: values, guard zones and inputs on the GPU as well as on the executor;
// counts, growth and races on the executor. SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "kernels/student/judge.hpp"

namespace alab::student {

struct GpuOptions {
  bool sanitizer = true;  ///< compute-sanitizer takes part when it is installed
  bool timing = true;     ///< kernels that pass are timed
};

/// As judge_source, on the executor and, at the same time, on GPU 0. A check passes when it passes on both;
/// what a GPU cannot judge, on the executor.
/// @throws Error: no GPU, no driver, no nvcc - the sentence says what to install; Cancelled
Verdict judge_on_gpu(const Exercise& exercise, const Manifest& manifest, std::string_view source,
                     const StudentLimits& limits, const JudgeOptions& options, const GpuOptions& gpu,
                     const Progress& progress);

/// One check from both backends; gpu: its verdict there, or nothing where only the executor judges it.
CheckVerdict merged(CheckVerdict executor, const CheckVerdict* gpu, std::string_view device);

}  // namespace alab::student
