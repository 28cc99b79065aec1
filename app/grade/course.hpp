// The exercises of this build as a course, and its judge. SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "app/grade/grade.hpp"
#include "kernels/student/run_case.hpp"

namespace alab::grade {

/// In order of their ids.
/// @throws Error: a checks.toml is wrong
std::vector<AssignedExercise> course_exercises();

/// Compiles and runs in processes with limits, on the counted executor.
/// @param jobs  runs of one submission at the same time
JudgeSource judge_of_this_build(const student::StudentLimits& limits, unsigned jobs);

}  // namespace alab::grade
