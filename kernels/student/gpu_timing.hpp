// How long a student's kernels take on this machine's GPU, beside the rungs of the op that they compute.
// Never part of a verdict. SPDX-License-Identifier: MIT
#pragma once

#include "kernels/student/gpu_case.hpp"
#include "kernels/student/manifest.hpp"
#include "kernels/student/verdict.hpp"

namespace alab::student {

/// One case, larger than the checks': at most 4 heads, 1024 tokens, width 64 and 4 million elements.
ParamSet timing_shape(const Exercise& exercise, const Manifest& manifest);

/// The same problem for the exercise's op. @throws Error: the op does not take these numbers
ParamSet problem_of(const Exercise& exercise, const ParamSet& shape);

/// By events, median and half the interquartile range after three runs that warm up. What cannot be timed is
/// a sentence in the result.
GpuTiming time_on_gpu(const Exercise& exercise, const Manifest& manifest, const Program& program,
                      const StudentLimits& limits, const Progress& progress);

}  // namespace alab::student
