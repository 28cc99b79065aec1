// A student's kernel counted on one case, as a rung is: whether it is right there, what each launch and line
// did, and single requests. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/profile_rung.hpp"
#include "kernels/student/manifest.hpp"
#include "kernels/student/run_case.hpp"

namespace alab::student {

/// The file of a student's lines in profiles.
inline constexpr std::string_view kProfiledFile = "student.cu";

/// What stands for the student's kernel where a rung is named: the op whose ladder it belongs to, else the
/// exercise's id; the exercise's id. It cannot be run as a rung. @throws Error when it is not built in
const RungBuild& student_rung(const Exercise& exercise);

/// Sizes that the statement names: each shape of a visible check, with the first of its inputs.
std::vector<Case> profile_cases(const Exercise& exercise, const Manifest& manifest);
/// The one whose whole numbers multiply to the most; the exercise's own sizes when there is none.
Case largest_case(const Exercise& exercise, std::span<const Case> cases);

/// Compiles and runs it; once more to count operations, when it is right there and no mistake was found.
/// @throws Error when it does not compile (the first error), or nothing can be compiled or run here;
/// Cancelled
RungProfile profile_case(const Exercise& exercise, const Manifest& manifest, std::string_view source,
                         const Case& c, const StudentLimits& limits, const Progress& progress,
                         const counted::TraceWish& wish = {});

}  // namespace alab::student
