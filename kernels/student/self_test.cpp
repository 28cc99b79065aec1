// SPDX-License-Identifier: MIT
#include "kernels/student/self_test.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <chrono>
#include <memory>
#include <mutex>

#include "kernels/student/plan.hpp"
#include "kernels/student/terminal.hpp"

namespace alab::student {
namespace {

constexpr double kPatience = 300;  ///< seconds: a busy machine proves nothing about an exercise

struct Subject {
  const Exercise* exercise = nullptr;
  Manifest manifest;  ///< without its own time limit
  std::unique_ptr<KnownMistakes> known = std::make_unique<KnownMistakes>();
};

// One thing to prove: problem() gives "" when it holds.
struct Task {
  std::string exercise, what;
  std::function<std::string(const Progress&)> problem;
};

std::string lower(std::string s) {
  std::transform(s.begin(), s.end(), s.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return s;
}

std::string joined(const std::vector<std::string>& list) {
  std::string out;
  for (const std::string& one : list) {
    out += (out.empty() ? "" : "\n") + one;
  }
  return out;
}

std::string first_failure_of(const Verdict& v) {
  if (!v.compiled || !v.refused.empty()) {
    return text(reason_not_run(v), "\n", compiler_report(v, {}));
  }
  for (const CheckVerdict& c : v.checks) {
    if (c.status != Status::passed) {
      return text("check '", c.id, "': ", details_of(c));
    }
  }
  return "every check passed";
}

std::string starter_problem(const Verdict& v) {
  if (!v.compiled || !v.refused.empty()) {
    return first_failure_of(v);
  }
  for (const CheckVerdict& c : v.checks) {
    if (c.rule == "ended") {
      return text("it does not run to its end: ", c.sentence);
    }
  }
  return v.passed() ? "it passes every check" : v.earned() == v.points() ? "it has full points" : "";
}

std::string solution_problem(const Verdict& v) {
  if (!v.passed() || v.earned() != v.points()) {
    return first_failure_of(v);
  }
  for (const CheckVerdict& c : v.checks) {
    if (!c.findings.empty()) {
      return c.findings.front().sentence;
    }
  }
  return v.diagnostics.empty() ? "" : text("the compiler warns:\n", compiler_report(v, {}));
}

std::string wrong_problem(const Verdict& v, const WrongSpec& wrong) {
  if (!v.compiled || !v.refused.empty()) {
    return first_failure_of(v);
  }
  const CheckVerdict& c = v.checks.front();
  if (c.status != Status::failed) {
    return text("check '", c.id, "' passes");
  }
  return lower(words_of(c)).find(lower(wrong.verdict)) != std::string::npos
             ? ""
             : text("check '", c.id, "' fails, but its verdict does not contain \"", wrong.verdict, "\":\n",
                    details_of(c));
}

Verdict judged(const Subject& s, std::string_view file, const StudentLimits& limits, std::string_view only,
               const Progress& progress) {
  JudgeOptions options;
  options.only_check = only;
  options.jobs = 1;
  options.known = s.known.get();
  options.trace_worst = false;
  const CheckSpec* const check = s.manifest.check(only);
  options.first_failure = check != nullptr && check->kind != CheckKind::values;  // names need several runs
  return judge_source(*s.exercise, s.manifest, file_of(*s.exercise, file), limits, options, progress);
}

std::vector<Task> tasks_of(const Subject& s, const StudentLimits& limits) {
  const std::string id(s.exercise->id);
  std::vector<Task> out;
  out.push_back({id, "its files are complete and listed",
                 [&s](const Progress&) { return joined(file_problems(*s.exercise, s.manifest)); }});
  out.push_back({id, "no trivial output passes a values check",
                 [&s](const Progress&) { return joined(vacuous_checks(*s.exercise, s.manifest)); }});
  out.push_back({id, "starter.cu compiles, runs and fails", [&s, limits](const Progress& progress) {
                   return starter_problem(judged(s, "starter.cu", limits, "", progress));
                 }});
  out.push_back(
      {id, "solution.cu passes with full points and no finding", [&s, limits](const Progress& progress) {
         return solution_problem(judged(s, "solution.cu", limits, "", progress));
       }});
  for (const WrongSpec& wrong : s.manifest.wrong) {
    const std::string file = "wrong/" + wrong.file;
    if (!file_of(*s.exercise, file).empty()) {
      out.push_back({id, text(file, " fails '", wrong.fails, "' with \"", wrong.verdict, "\""),
                     [&s, &wrong, file, limits](const Progress& progress) {
                       return wrong_problem(judged(s, file, limits, wrong.fails, progress), wrong);
                     }});
    }
  }
  return out;
}

}  // namespace

std::vector<SelfTestLine> self_test(std::span<const Exercise* const> exercises, const StudentLimits& given,
                                    unsigned jobs, const Progress& progress) {
  StudentLimits limits = given;
  limits.compile_seconds = std::max(given.compile_seconds, kPatience);
  limits.run.wall_seconds = std::max(given.run.wall_seconds, kPatience);
  std::vector<Subject> subjects;
  std::vector<SelfTestLine> lines;
  subjects.reserve(exercises.size());
  for (const Exercise* const exercise : exercises) {
    try {
      Subject subject;
      subject.exercise = exercise;
      subject.manifest = manifest_of(*exercise);
      subject.manifest.seconds.reset();
      subjects.push_back(std::move(subject));
    } catch (const Error& error) {
      lines.push_back({std::string(exercise->id), "checks.toml is right", error.what()});
    }
  }
  std::vector<Task> tasks;
  for (const Subject& subject : subjects) {
    std::vector<Task> more = tasks_of(subject, limits);
    std::move(more.begin(), more.end(), std::back_inserter(tasks));
  }
  const std::size_t before = lines.size();
  lines.resize(before + tasks.size());
  std::mutex reporting;
  std::atomic<std::size_t> done = 0;
  Progress inner = progress;
  inner.report = nullptr;
  in_parallel(tasks.size(), jobs, [&](std::size_t i) {
    const auto start = std::chrono::steady_clock::now();
    {
      const std::lock_guard lock(reporting);
      progress.step(static_cast<double>(done) / static_cast<double>(tasks.size()),
                    text(tasks[i].exercise, ": ", tasks[i].what));
    }
    SelfTestLine& line = lines[before + i];
    line.exercise = tasks[i].exercise;
    line.what = tasks[i].what;
    line.problem = tasks[i].problem(inner);
    line.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    ++done;
  });
  return lines;
}

}  // namespace alab::student
