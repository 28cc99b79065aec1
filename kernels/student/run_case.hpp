// A student's kernels on one case, in a process of their own: what came out, what was counted, what was
// found. Nothing here judges: the truth is never in the same process as the student's code.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/executor/child.hpp"
#include "kernels/executor/counted/profile.hpp"
#include "kernels/executor/counted/trace.hpp"
#include "kernels/rung.hpp"
#include "kernels/student/exercise.hpp"
#include "kernels/student/shown_value.hpp"
#include "reference/core/job.hpp"

namespace alab::student {

/// One line of the compiler's, or of our own reading of the source.
struct Diagnostic {
  int line = 0, column = 0;  ///< in the student's file; 0: elsewhere
  bool error = true;
  std::string text;
};

/// A student's source as a program that can run cases.
struct Program {
  std::filesystem::path file;           ///< empty when it did not compile
  std::vector<Diagnostic> diagnostics;  ///< errors and warnings, in the file's order
  std::string refused;  ///< "" or why it may not run: a constructor that runs at load, an unknown symbol
  double seconds = 0;   ///< that it took; 0 from the cache
};

struct Containment {
  bool bubblewrap = true;   ///< compile and run under bwrap
  std::string unavailable;  ///< why bwrap cannot be used here, and what to install; "" when it works
};
/// Asked once: starts bwrap around /bin/true.
const Containment& containment();

/// What compile and run may take, and whether they may go without bubblewrap when it is not there.
struct StudentLimits {
  double compile_seconds = 30;
  std::size_t compile_bytes = std::size_t{2} << 30;
  child::ChildLimits run;  ///< of one case
  bool allow_without_bubblewrap = false;
};
StudentLimits student_limits();

/// Compiles source together with the exercise's launch.cu for the counted executor, in a process with limits.
/// The same source gives the cached program. What is wrong with the source is in the Program.
/// @throws Error when this build or machine cannot compile kernels: the sentence says what to install;
/// Cancelled
Program compile(const Exercise& exercise, std::string_view source, const StudentLimits& limits,
                const Progress& progress);

struct Case {
  ParamSet shape;
  std::string input = "random";
  std::uint64_t seed = 1;
  Stream::Order order = Stream::Order::ascending;
  bool by_line = true;  ///< counters of each source line, and the kernels' names: a tenth of a second more
};

/// What a run left. Counters are the child's word; outputs are bytes, to be judged elsewhere. A launch that a
/// mistake ended is a verdict `failed` with the mistake's sentence; launches and findings until then are
/// there.
struct CaseRun {
  child::ChildVerdict verdict;  ///< without its answer
  HostArrays outputs;           ///< complete when verdict.end is answered, else empty
  std::vector<counted::LaunchProfile> launches;
  std::vector<counted::Finding> findings;
  std::string damage;                ///< "" or which buffer was written outside its bounds, and where
  std::vector<std::string> changed;  ///< inputs that the kernel wrote
  counted::RequestTrace trace;       ///< when wished for; its values are in shown
  std::vector<ShownValue> shown;     ///< each thread's in the order in which it showed them
};

/// @throws Error when the program cannot be started; Cancelled
CaseRun run_case(const Exercise& exercise, const Program& program, const Case& c, const HostArrays& inputs,
                 const StudentLimits& limits, const Progress& progress, const counted::TraceWish& wish = {});

/// Outputs of a known mistake (wrong/NAME.cu, built in) on the same case, for the diagnosis; in a process of
/// its own. Empty when it did not end well on this case.
std::optional<HostArrays> outputs_of_mistake(const Exercise& exercise, std::string_view name, const Case& c,
                                             const HostArrays& inputs, const Progress& progress);

}  // namespace alab::student
