// From the runs of a submission to the verdict of each check. SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/student/known_mistakes.hpp"
#include "kernels/student/manifest.hpp"
#include "kernels/student/run_case.hpp"
#include "kernels/student/verdict.hpp"

namespace alab::student {

/// How a case is run; both are called from several threads at once.
struct CaseRunner {
  std::function<CaseRun(const Case& c, const HostArrays& inputs, const Progress& progress)> run;
  /// Outputs of wrong/FILE on the case, or nothing. May be empty: no mistake is named then.
  std::function<std::optional<HostArrays>(std::string_view file, const Case& c, const HostArrays& inputs,
                                          const Progress& progress)>
      mistake;
  /// As run, with requests traced. May be empty: who wrote the worst element is not told then.
  std::function<CaseRun(const Case& c, const HostArrays& inputs, const counted::TraceWish& wish,
                        const Progress& progress)>
      traced;
};

struct JudgeOptions {
  std::string student;             ///< whose hidden inputs; visible ones are the same for all
  std::string only_check;          ///< id; "" judges all
  bool first_failure = false;      ///< what can change nothing any more is not run
  bool trace_worst = true;         ///< one more run finds who wrote the worst element
  bool fast_math = false;          ///< fast-math intrinsics are used: tolerance 2e-5 but for input "large"
  unsigned jobs = 0;               ///< runs at the same time; 0: one per core
  KnownMistakes* known = nullptr;  ///< shared by several submissions to the exercise, or none
};

/// Runs what the checks ask for, each case once, in three orders, and judges it. After a run that ended by
/// its time limit, the later ones of that check are left out. The same runs give the same verdicts, whatever
/// the number of jobs.
/// @throws Error from the runner or the exercise; Cancelled
std::vector<CheckVerdict> judge_cases(const Exercise& exercise, const Manifest& manifest,
                                      const CaseRunner& runner, const JudgeOptions& options,
                                      const Progress& progress);

/// Compiles and judges. What is wrong with the source is in the verdict.
/// @throws Error when nothing can be compiled or run here; Cancelled
Verdict judge_source(const Exercise& exercise, const Manifest& manifest, std::string_view source,
                     const StudentLimits& limits, const JudgeOptions& options, const Progress& progress);

/// Seed of a check's inputs: 1 or as written; of a check that is not visible, from a stable hash of the
/// three.
std::uint64_t seed_of(const CheckSpec& check, std::string_view exercise, std::string_view student);
/// __expf and the like, in code rather than in comments.
bool uses_fast_math(std::string_view source);
/// What a values check holds an input kind to.
double tolerance_of(const CheckSpec& check, std::string_view input, bool fast_math);

}  // namespace alab::student
