// Proves an exercise: its starter fails, its solution passes, every wrong solution fails for its stated
// reason, and no trivial output passes. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/student/judge.hpp"

namespace alab::student {

struct SelfTestLine {
  std::string exercise;
  std::string what;     ///< "starter.cu compiles, runs and fails", "wrong/strict_mask.cu fails 'values'", ...
  std::string problem;  ///< "" when it holds; otherwise what happened instead
  double seconds = 0;
};

/// Every line of every exercise, in order. Files are compiled and judged in parallel.
/// @throws Error when nothing can be compiled or run here; Cancelled
std::vector<SelfTestLine> self_test(std::span<const Exercise* const> exercises, const StudentLimits& limits,
                                    unsigned jobs, const Progress& progress);

/// Outputs that hold nothing of the exercise - zeros, NaN, means of an input over its rows, copies of an
/// input - and that a values check lets pass, or tells from the truth by less than ten tolerances. One
/// sentence each.
std::vector<std::string> vacuous_checks(const Exercise& exercise, const Manifest& manifest);

/// What the folder lacks or has too much: listed wrong solutions, files that are not listed, sections of
/// hints.md.
std::vector<std::string> file_problems(const Exercise& exercise, const Manifest& manifest);

}  // namespace alab::student
