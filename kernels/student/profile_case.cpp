// SPDX-License-Identifier: MIT
#include "kernels/student/profile_case.hpp"

#include <algorithm>
#include <map>
#include <memory>

#include "kernels/add_operations.hpp"
#include "kernels/student/count_operations.hpp"
#include "kernels/student/outputs.hpp"
#include "kernels/student/plan.hpp"

namespace alab::student {
namespace {

struct Standing {
  Rung rung;
  RungBuild build;
};

std::unique_ptr<const Standing> standing_of(const Exercise& exercise) {
  auto made = std::make_unique<Standing>();
  made->rung.op = exercise.op.empty() ? exercise.id : exercise.op;
  made->rung.id = exercise.id;
  made->rung.title = "your kernel";
  made->rung.teaches = "What you wrote for this exercise.";
  made->build.rung = &made->rung;
  return made;
}

/// @throws Error when it did not: the first error that has a line, else the first
Program compiled(Program program) {
  const Diagnostic* first = nullptr;
  for (const Diagnostic& d : program.diagnostics) {
    first = d.error && (first == nullptr || (first->line == 0 && d.line > 0)) ? &d : first;
  }
  require(first == nullptr, "it does not compile: ",
          first != nullptr && first->line > 0 ? text("line ", first->line, ": ") : "",
          first != nullptr ? first->text : "");
  require(!program.file.empty() && program.refused.empty(), "it may not run: ", program.refused);
  return program;
}

double tolerance_for(const Manifest& manifest, std::string_view input, bool fast_math) {
  for (const CheckSpec& check : manifest.checks) {
    if (check.kind == CheckKind::values) {
      return tolerance_of(check, input, fast_math);
    }
  }
  return CheckSpec{}.tolerance;
}

Check check_of(std::string key, std::string label, bool holds, std::string detail) {
  Check check = check_exactly(std::move(key), std::move(label), holds ? 1 : 0, 1,
                              {Provenance::counted, "CPU executor, in a process of its own"});
  check.detail = std::move(detail);
  return check;
}

std::vector<Check> checks_of(const Exercise& exercise, const CaseRun& run, PlannedInput& planned,
                             double tolerance) {
  if (run.verdict.end != child::ChildEnd::answered) {
    return {check_of("runs", "the kernel runs to its end", false, run.verdict.sentence)};
  }
  std::vector<Check> checks;
  for (const JudgedOutput& o : judged_outputs(exercise.buffers(planned.shape), run.outputs,
                                              planned.truth(exercise), planned.magnitude(exercise))) {
    const OutputError error = error_of(o, tolerance);
    const bool right = error.rule == Rule::none;
    checks.push_back(check_of(o.spec.name, text("output ", o.spec.name), right,
                              right ? "" : sentence_of(o, error, tolerance)));
  }
  checks.push_back(
      check_of("guards", "nothing is written outside the arrays", run.damage.empty(), run.damage));
  checks.push_back(check_of("inputs", "inputs are only read", run.changed.empty(),
                            run.changed.empty() ? "" : text("the kernel changed ", run.changed.front())));
  return checks;
}

bool all_pass(const std::vector<Check>& checks) {
  return std::all_of(checks.begin(), checks.end(), [](const Check& check) { return check.passed(); });
}

/// A source, a case and how its outputs are judged.
struct Counting {
  const Exercise& exercise;
  std::string_view source;
  const Case& c;
  PlannedInput& planned;
  double tolerance;
  const StudentLimits& limits;
};

/// "" or why profile.launches have no operations.
std::string count_operations(RungProfile& profile, const Counting& how, const Progress& progress) {
  if (!profile.run.passed || !profile.findings.empty()) {
    return "operations are counted once the result is right and no mistake is found";
  }
  Program program;
  try {
    program = compiled(compile_counting(how.exercise, how.source, how.limits, progress.part(0, 0.5)));
  } catch (const Error& e) {
    return text("the build that counts operations did not take this source (", e.what(), ")");
  }
  const OperationsRun ran = run_counting(how.exercise, program, how.c, how.planned.inputs(how.exercise),
                                         how.limits, progress.part(0.5, 1));
  if (!all_pass(checks_of(how.exercise, ran.run, how.planned, how.tolerance))) {
    return "the build that counts operations gives a wrong result";
  }
  return add_operations(profile.launches, ran.launches)
             ? ""
             : "two builds of it launched different grids, so that operations belong to no launch";
}

double size_of(const Case& c) {
  double size = 1;
  for (const Param* p : c.shape.schema()) {
    size *= p->kind == ParamKind::integer ? std::max(1.0, c.shape.value(p->key)) : 1;
  }
  return size;
}

}  // namespace

const RungBuild& student_rung(const Exercise& exercise) {
  static const auto all = [] {
    std::map<std::string_view, std::unique_ptr<const Standing>> standing;
    for (const Exercise* one : all_exercises()) {
      standing.emplace(one->id, standing_of(*one));
    }
    return standing;
  }();
  const auto found = all.find(exercise.id);
  require(found != all.end(), "exercise ", exercise.id, " is not in this build");
  return found->second->build;
}

std::vector<Case> profile_cases(const Exercise& exercise, const Manifest& manifest) {
  std::vector<Case> cases;
  for (const CheckSpec& check : manifest.checks) {
    for (const ParamSet& shape : check.shapes) {
      const bool known =
          std::any_of(cases.begin(), cases.end(), [&](const Case& c) { return c.shape == shape; });
      if (check.visibility == Visibility::visible && !known) {
        cases.push_back({shape, check.inputs.front(), seed_of(check, exercise.id, "")});
      }
    }
  }
  return cases;
}

Case largest_case(const Exercise& exercise, std::span<const Case> cases) {
  const auto largest = std::max_element(cases.begin(), cases.end(),
                                        [](const Case& a, const Case& b) { return size_of(a) < size_of(b); });
  return largest == cases.end() ? Case{ParamSet(exercise.params)} : *largest;
}

RungProfile profile_case(const Exercise& exercise, const Manifest& manifest, std::string_view source,
                         const Case& c, const StudentLimits& given, const Progress& progress,
                         const counted::TraceWish& wish) {
  StudentLimits limits = given;
  limits.run.wall_seconds = manifest.seconds.value_or(given.run.wall_seconds);
  progress.step(0, "compiling");
  const Program program = compiled(compile(exercise, source, limits, progress.part(0, 0.3)));
  PlannedInput planned;
  planned.shape = c.shape;
  planned.input = c.input;
  planned.seed = c.seed;
  progress.step(0.3, "running the kernel on the CPU executor");
  CaseRun run =
      run_case(exercise, program, c, planned.inputs(exercise), limits, progress.part(0.3, 0.5), wish);
  const double tolerance = tolerance_for(manifest, c.input, uses_fast_math(source));
  RungProfile profile;
  profile.run.rung = student_rung(exercise).rung;
  profile.run.checks = checks_of(exercise, run, planned, tolerance);
  profile.run.passed = all_pass(profile.run.checks);
  profile.launches = std::move(run.launches);
  profile.findings = std::move(run.findings);
  profile.trace = std::move(run.trace);
  progress.step(0.5, "counting operations");
  profile.flops_unavailable =
      count_operations(profile, {exercise, source, c, planned, tolerance, limits}, progress.part(0.5, 1));
  return profile;
}

}  // namespace alab::student
