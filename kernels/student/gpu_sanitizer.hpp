// NVIDIA's compute-sanitizer on a student's kernels, when it is installed. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kernels/student/gpu_case.hpp"

namespace alab::student {

struct SanitizerReport {
  std::vector<counted::Finding> findings;  ///< each once per tool and pair of lines
  std::string sentence;                    ///< what was run on which case, or why nothing was
};

/// memcheck, racecheck, synccheck and initcheck on one case, at the same time.
/// @throws Cancelled
SanitizerReport sanitize(const Exercise& exercise, const Program& program, const GpuCase& c,
                         const Progress& progress);

/// What one tool printed about the student's file.
std::vector<counted::Finding> sanitizer_findings(std::string_view tool, std::string_view printed);

}  // namespace alab::student
