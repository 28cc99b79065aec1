// SPDX-License-Identifier: MIT
#include "kernels/student/run_case.hpp"

#include <algorithm>

#include "kernels/student/case_request.hpp"
#include "kernels/student/compile_source.hpp"
#include "kernels/student/count_operations.hpp"
#include "kernels/student/mistake.hpp"
#include "kernels/student/sandbox.hpp"
#include "reference/core/error.hpp"

namespace alab::student {
namespace {

using child::ChildEnd;

// Memory accesses of one thread, beyond which it is taken to loop for ever; a thread of a solution makes
// thousands.
constexpr std::uint64_t kThreadBudget = std::uint64_t{1} << 22;

child::ChildVerdict start(const Program& program, const std::vector<std::byte>& request,
                          const StudentLimits& limits, const Progress& progress) {
  if (!uses_bubblewrap(limits)) {
    return child::run(program.file, "case", request, limits.run, progress);
  }
  const std::filesystem::path readable[] = {program.file};
  child::Wrapper wrapper{bubblewrap(readable)};
  wrapper.command.insert(wrapper.command.end(), {"--chdir", "/tmp", program.file.string()});
  return child::run(wrapper, "case", request, limits.run, progress);
}

}  // namespace

CaseRequest request_of(const Exercise& exercise, const Case& c, const HostArrays& inputs,
                       const counted::TraceWish& wish) {
  CaseRequest request;
  for (const Param* param : c.shape.schema()) {
    request.numbers[std::string(param->key)] = c.shape.value(param->key);
  }
  request.buffers = exercise.buffers(c.shape);
  request.zeroed.assign(exercise.zeroed.begin(), exercise.zeroed.end());
  request.inputs = inputs;
  request.order = c.order;
  request.seed = c.seed;
  request.workers = 1;  // so that wrong kernels, too, leave the same bytes each time; cases run side by side
  request.wish = wish;
  request.by_line = c.by_line || !wish.blocks.empty();
  request.thread_budget = kThreadBudget;
  return request;
}

void take(CaseRun& run, CaseAnswer answer) {
  run.outputs = std::move(answer.outputs);
  run.launches = std::move(answer.launches);
  run.findings = std::move(answer.findings);
  run.damage = std::move(answer.damage);
  run.changed = std::move(answer.changed);
  run.trace = std::move(answer.trace);
  run.shown = std::move(answer.shown);
  for (ShownValue& value : run.shown) {
    std::replace_if(
        value.name.begin(), value.name.end(), [](unsigned char c) { return c < ' ' || c > '~'; }, '?');
  }
  if (!answer.failure.empty()) {
    run.verdict.end = ChildEnd::failed;
    run.verdict.sentence = std::move(answer.failure);
  }
}

StudentLimits student_limits() {
  StudentLimits limits;
  limits.run.wall_seconds = 10;
  limits.run.cpu_seconds = 40;
  limits.run.memory_bytes = std::size_t{2} << 30;
  limits.run.answer_bytes = std::size_t{256} << 20;
  return limits;
}

namespace {

OperationsRun carry_out(const Program& program, const CaseRequest& request, const StudentLimits& limits,
                        const Progress& progress) {
  require(!program.file.empty(), "this kernel did not compile, so that no case of it can run");
  OperationsRun out;
  child::ChildVerdict& verdict = out.run.verdict;
  verdict = start(program, bytes_of(request), limits, progress);
  require(verdict.end != ChildEnd::did_not_start, verdict.sentence);
  if (verdict.end == ChildEnd::answered) {
    try {
      CaseAnswer answer = case_answer_from(verdict.answer, request);
      out.launches = std::move(answer.operations);
      take(out.run, std::move(answer));
    } catch (const Error& error) {
      verdict.end = ChildEnd::garbled;
      verdict.sentence =
          text("the kernel's process answered with bytes that are no result (", error.what(), ")");
    }
  }
  verdict.answer.clear();
  return out;
}

std::string_view launch_of(const Exercise& exercise) {
  const std::string_view launch = file_of(exercise, "launch.cu");
  require(!launch.empty(), "exercise ", exercise.id, " has no launch.cu: add it to its folder");
  return launch;
}

}  // namespace

Program compile(const Exercise& exercise, std::string_view source, const StudentLimits& limits,
                const Progress& progress) {
  return compile_source(source, launch_of(exercise), limits, progress);
}

Program compile_counting(const Exercise& exercise, std::string_view source, const StudentLimits& limits,
                         const Progress& progress) {
  return compile_source(source, launch_of(exercise), limits, progress, Counts::operations);
}

CaseRun run_case(const Exercise& exercise, const Program& program, const Case& c, const HostArrays& inputs,
                 const StudentLimits& limits, const Progress& progress, const counted::TraceWish& wish) {
  return carry_out(program, request_of(exercise, c, inputs, wish), limits, progress).run;
}

OperationsRun run_counting(const Exercise& exercise, const Program& program, const Case& c,
                           const HostArrays& inputs, const StudentLimits& limits, const Progress& progress) {
  CaseRequest request = request_of(exercise, c, inputs);
  request.operations = true;
  return carry_out(program, request, limits, progress);
}

std::optional<HostArrays> outputs_of_mistake(const Exercise& exercise, std::string_view name, const Case& c,
                                             const HostArrays& inputs, const Progress& progress) {
  const MistakeRequest request{std::string(exercise.id), std::string(name),
                               request_of(exercise, c, inputs, {})};
  const std::filesystem::path worker = child::worker_program().replace_filename("alab_mistakes");
  const child::ChildVerdict verdict =
      child::run(worker, "mistake", bytes_of(request), student_limits().run, progress);
  if (verdict.end != ChildEnd::answered) {
    return std::nullopt;
  }
  try {
    return case_answer_from(verdict.answer, request.request).outputs;
  } catch (const Error&) {
    return std::nullopt;
  }
}

}  // namespace alab::student
