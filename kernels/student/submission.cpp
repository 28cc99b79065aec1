// A source, compiled and judged. SPDX-License-Identifier: MIT
#include <chrono>

#include "kernels/student/judge.hpp"

namespace alab::student {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<CheckVerdict> not_run(const Manifest& manifest) {
  std::vector<CheckVerdict> out;
  for (const CheckSpec& spec : manifest.checks) {
    CheckVerdict v;
    v.id = spec.id;
    v.title = spec.title;
    v.kind = to_string(spec.kind);
    v.visibility = to_string(spec.visibility);
    v.criterion = criterion_of(spec);
    v.points = spec.points;
    out.push_back(std::move(v));
  }
  return out;
}

std::string sandbox_in_words() {
  return containment().unavailable.empty() ? "bubblewrap" : text("none: ", containment().unavailable);
}

CaseRunner runner_of(const Exercise& exercise, const Program& program, const StudentLimits& limits,
                     KnownMistakes& known, bool trace) {
  CaseRunner runner;
  runner.run = [&exercise, &program, limits](const Case& c, const HostArrays& inputs,
                                             const Progress& progress) {
    return run_case(exercise, program, c, inputs, limits, progress);
  };
  if (trace) {
    runner.traced = [&exercise, &program, limits](const Case& c, const HostArrays& inputs,
                                                  const counted::TraceWish& wish, const Progress& progress) {
      return run_case(exercise, program, c, inputs, limits, progress, wish);
    };
  }
  runner.mistake = [&exercise, &known](std::string_view file, const Case& c, const HostArrays& inputs,
                                       const Progress& progress) {
    return known.outputs(exercise, file, c, inputs, progress);
  };
  return runner;
}

}  // namespace

Verdict judge_source(const Exercise& exercise, const Manifest& manifest, std::string_view source,
                     const StudentLimits& limits, const JudgeOptions& options, const Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  Verdict v;
  v.exercise = exercise.id;
  v.title = manifest.title;
  v.student = options.student;
  v.sandbox = sandbox_in_words();
  progress.step(0, "compiling");
  const Program program = compile(exercise, source, limits, progress.part(0, 0.3));
  v.diagnostics = program.diagnostics;
  v.refused = program.refused;
  v.compile_seconds = program.seconds;
  v.compiled = !program.file.empty();
  if (!v.compiled || !v.refused.empty()) {
    v.checks = not_run(manifest);
    v.seconds = seconds_since(start);
    return v;
  }
  JudgeOptions how = options;
  how.fast_math = uses_fast_math(source);
  if (how.fast_math) {
    v.note = "fast-math intrinsics are used: values may be off by 2e-05, except for inputs of size 1e4";
  }
  StudentLimits per_case = limits;
  per_case.run.wall_seconds = manifest.seconds.value_or(limits.run.wall_seconds);
  KnownMistakes own;
  KnownMistakes& known = options.known != nullptr ? *options.known : own;
  v.checks =
      judge_cases(exercise, manifest, runner_of(exercise, program, per_case, known, options.trace_worst), how,
                  progress.part(0.3, 1));
  v.seconds = seconds_since(start);
  return v;
}

}  // namespace alab::student
