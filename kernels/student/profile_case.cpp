// SPDX-License-Identifier: MIT
#include "kernels/student/profile_case.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>

#include "kernels/student/error_map.hpp"
#include "kernels/student/plan.hpp"

namespace alab::student {
namespace {

constexpr std::uint64_t kMostBlocks = 8192;  // that are searched for a store

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

Program program_of(const Exercise& exercise, std::string_view source, const StudentLimits& limits,
                   const Progress& progress) {
  Program program = compile(exercise, source, limits, progress);
  for (const Diagnostic& d : program.diagnostics) {
    require(!d.error, "it does not compile: ", d.line > 0 ? text("line ", d.line, ": ") : "", d.text);
  }
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

/// "S[0, 3, 17]" in an array of this shape.
std::int64_t flat_of(std::string_view element, const Shape& shape) {
  std::int64_t flat = 0, number = 0;
  std::size_t axis = 0;
  for (const char c : element.substr(std::min(element.find('['), element.size()))) {
    if (c >= '0' && c <= '9') {
      number = 10 * number + (c - '0');
    } else if (c == ',' || c == ']') {
      require(axis < shape.size(), "'", element, "' has more indices than its array has axes");
      flat = flat * shape[axis++] + number;
      number = 0;
    }
  }
  return flat;
}

counted::TraceWish requests_of_all_blocks() {
  counted::TraceWish wish;
  for (std::uint64_t block = 0; block < kMostBlocks; ++block) {
    wish.blocks.push_back(block);
  }
  wish.most_requests = std::size_t{1} << 18;
  wish.most_per_instruction = 256;
  wish.only_global = true;
  return wish;
}

Case case_at(const Exercise& exercise, const CaseName& at) {
  Case c;
  c.shape = ParamSet(exercise.params);
  c.shape.assign(at.shape);
  c.input = at.input;
  c.seed = at.seed;
  const auto order = std::find(kOrderNames.begin(), kOrderNames.end(), at.order);
  require(order != kOrderNames.end(), "there is no order '", at.order, "'");
  c.order = kOrders[static_cast<std::size_t>(order - kOrderNames.begin())];
  return c;
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
  const Program program = program_of(exercise, source, limits, progress.part(0, 0.5));
  PlannedInput planned;
  planned.shape = c.shape;
  planned.input = c.input;
  planned.seed = c.seed;
  progress.step(0.5, "running the kernel on the CPU executor");
  CaseRun run = run_case(exercise, program, c, planned.inputs(exercise), limits, progress.part(0.5, 1), wish);
  RungProfile profile;
  profile.run.rung = student_rung(exercise).rung;
  profile.run.checks =
      checks_of(exercise, run, planned, tolerance_for(manifest, c.input, uses_fast_math(source)));
  profile.run.passed = std::all_of(profile.run.checks.begin(), profile.run.checks.end(),
                                   [](const Check& check) { return check.passed(); });
  profile.launches = std::move(run.launches);
  profile.findings = std::move(run.findings);
  profile.trace = std::move(run.trace);
  profile.flops_unavailable = "operations of an exercise's kernel are not counted";
  return profile;
}

ElementWriter writer_of_worst(const Exercise& exercise, std::string_view source, const ErrorMap& map,
                              const StudentLimits& limits, const Progress& progress) {
  const Case c = case_at(exercise, map.at);
  const auto arrays = exercise.buffers(c.shape);
  const auto array = std::find_if(arrays.begin(), arrays.end(),
                                  [&](const BufferSpec& spec) { return spec.name == map.output; });
  require(array != arrays.end(), "there is no output '", map.output, "'");
  const Program program = program_of(exercise, source, limits, progress.part(0, 0.5));
  const CaseRun run = run_case(exercise, program, c, exercise.inputs(c.shape, c.input, c.seed), limits,
                               progress.part(0.5, 1), requests_of_all_blocks());
  ElementWriter writer;
  writer.words = writer_of(run.trace, run.launches, map.output, flat_of(map.worst.name, array->shape));
  if (writer.words.empty()) {
    writer.why_not =
        run.trace.cut > 0 ? "its store is not among the requests that were kept" : "no thread stored it";
    return writer;
  }
  constexpr std::string_view kLine = ", line ";
  writer.line = std::atoi(writer.words.c_str() + writer.words.rfind(kLine) + kLine.size());
  return writer;
}

}  // namespace alab::student
