// SPDX-License-Identifier: MIT
#include "kernels/student/gpu_case.hpp"

#include <algorithm>
#include <iterator>

#include "kernels/executor/wire.hpp"
#include "kernels/student/case_request.hpp"
#include "reference/core/error.hpp"
#include "reference/core/files.hpp"

namespace alab::student {
namespace {

using child::ChildEnd;

// Of one process, most of which a busy machine takes to make a CUDA context: kernels take microseconds.
constexpr double kSeconds = 15;
constexpr std::size_t kContextBytes = std::size_t{16} << 30;  // of the driver, which maps what it may use

child::ChildLimits on_gpu(child::ChildLimits limits) {
  limits.wall_seconds = kSeconds;
  limits.memory_bytes = std::max(limits.memory_bytes, kContextBytes);
  limits.cpu_seconds = std::max(limits.cpu_seconds, 2 * limits.wall_seconds);
  return limits;
}

GpuDevice ask_for_device() {
  GpuDevice device;
  child::ChildLimits limits = on_gpu(student_limits().run);
  const child::ChildVerdict verdict = child::run(gpu_program(), "device", {}, limits, {});
  if (verdict.end != ChildEnd::answered) {
    device.unavailable = text("the GPU could not be asked for: ", verdict.sentence);
    return device;
  }
  return wire::unpacked<GpuDevice>(verdict.answer);
}

/// Answers of one process, as many as it gave.
std::vector<CaseRun> runs_in(const child::ChildVerdict& verdict, const Exercise& exercise,
                             std::span<const GpuCase> cases) {
  std::vector<CaseRun> runs;
  const auto answer = wire::unpacked<GpuAnswer>(verdict.answer);
  require(!answer.answers.empty() && answer.answers.size() <= cases.size(), "another number of answers");
  for (std::size_t i = 0; i < answer.answers.size(); ++i) {
    CaseRun run;
    run.verdict.end = ChildEnd::answered;
    run.verdict.seconds = verdict.seconds;
    take(run, case_answer_from(answer.answers[i], request_of(exercise, cases[i].what, *cases[i].inputs)));
    runs.push_back(std::move(run));
  }
  return runs;
}

/// Of a process that gave no answer.
CaseRun without_answer(child::ChildVerdict verdict) {
  CaseRun run;
  run.verdict = std::move(verdict);
  run.verdict.answer.clear();
  if (run.verdict.end == ChildEnd::wall_time || run.verdict.end == ChildEnd::cpu_time) {
    run.verdict.end = ChildEnd::wall_time;
    run.verdict.sentence = text("the kernel had not ended on the GPU after ", kSeconds,
                                " s and was stopped: does a loop, or a wait for other threads, never end?");
  }
  return run;
}

}  // namespace

std::filesystem::path gpu_program() {
  return child::worker_program().replace_filename("alab_gpu");
}

const GpuDevice& gpu_device() {
  static const GpuDevice device = ask_for_device();
  return device;
}

std::vector<std::byte> gpu_request(const Exercise& exercise, const Program& program,
                                   std::span<const GpuCase> cases, bool bare, int repeats) {
  const std::string image = read_file(program.file);
  const auto* const first = reinterpret_cast<const std::byte*>(image.data());
  GpuRequest request;
  request.exercise = exercise.id;
  request.image.assign(first, first + image.size());
  for (const GpuCase& c : cases) {
    request.cases.push_back(bytes_of(request_of(exercise, c.what, *c.inputs)));
  }
  request.bare = bare;
  request.repeats = repeats;
  return wire::packed(request);
}

std::vector<CaseRun> run_cases_on_gpu(const Exercise& exercise, const Program& program,
                                      const std::vector<GpuCase>& cases, const StudentLimits& limits,
                                      const Progress& progress) {
  std::vector<CaseRun> runs;
  bool together = true;
  while (runs.size() < cases.size()) {
    const std::span<const GpuCase> rest =
        std::span(cases).subspan(runs.size(), together ? cases.size() - runs.size() : 1);
    child::ChildVerdict verdict = child::run(
        gpu_program(), "case", gpu_request(exercise, program, rest, false, 0), on_gpu(limits.run), progress);
    require(verdict.end != ChildEnd::did_not_start, verdict.sentence);
    if (verdict.end == ChildEnd::answered) {
      std::vector<CaseRun> more = runs_in(verdict, exercise, rest);
      std::move(more.begin(), more.end(), std::back_inserter(runs));
    } else if (rest.size() > 1) {
      together = false;
    } else {
      const CaseRun run = without_answer(std::move(verdict));
      const bool late = run.verdict.end == ChildEnd::wall_time;
      runs.insert(runs.end(), late ? cases.size() - runs.size() : 1, run);
    }
  }
  return runs;
}

std::vector<double> times_on_gpu(const Exercise& exercise, const Program& program, const GpuCase& c,
                                 int repeats, const StudentLimits& limits, const Progress& progress) {
  const GpuCase cases[] = {c};
  const child::ChildVerdict verdict =
      child::run(gpu_program(), "case", gpu_request(exercise, program, cases, false, repeats),
                 on_gpu(limits.run), progress);
  require(verdict.end == ChildEnd::answered, verdict.sentence);
  return wire::unpacked<GpuAnswer>(verdict.answer).seconds;
}

}  // namespace alab::student
