// A small exercise of the tests' own: scores of one head, one thread each. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>

#include "kernels/student/compile_source.hpp"
#include "kernels/student/run_case.hpp"
#include "tests/folders.hpp"

namespace alab::student::samples {

const Exercise& exercise();
std::string_view launch_text();
/// The right kernel; its store stands on line kStoreLine.
std::string right_kernel();
constexpr int kStoreLine = 8;

/// right_kernel with one text in place of another. @throws Error when it does not hold that once
std::string changed_kernel(std::string_view what, std::string_view with);

/// The exercise at N=20, d=5: with a tail in both directions.
Case small_case();
HostArrays inputs_of(const Case& c);

StudentLimits limits();
Program compiled(std::string_view source);
CaseRun run(const Program& program, const Case& c);
/// Compiles and runs the small case.
CaseRun run_source(std::string_view source);
/// Largest difference to the scores in double precision; NaN where one is NaN.
double error_of(const CaseRun& run, const Case& c);

/// Programs go to a cache folder of this test program's own, removed at its end.
struct OwnCache {
  OwnCache();
  ~OwnCache();
  std::string folder, before;
};

}  // namespace alab::student::samples
