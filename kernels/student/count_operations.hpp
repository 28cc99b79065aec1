// A case on the program that counts operations. SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "kernels/executor/counted/flop_stream.hpp"
#include "kernels/student/run_case.hpp"

namespace alab::student {

struct OperationsRun {
  CaseRun run;  ///< without launches, findings and trace
  std::vector<counted::LaunchFlops> launches;
};

/// compile() of the build in which float counts what is done with it. @throws as compile()
Program compile_counting(const Exercise& exercise, std::string_view source, const StudentLimits& limits,
                         const Progress& progress);
/// @param program  of compile_counting()
/// @throws as run_case()
OperationsRun run_counting(const Exercise& exercise, const Program& program, const Case& c,
                           const HostArrays& inputs, const StudentLimits& limits, const Progress& progress);

}  // namespace alab::student
