// The main of every student's program: runs one case for another program (kernels/executor/child.hpp).
// SPDX-License-Identifier: MIT
#include <array>

#include "kernels/carry_out.hpp"
#include "kernels/executor/child_serve.hpp"
#include "kernels/executor/counted/counted_stream.hpp"
#include "kernels/executor/counted/source_lines.hpp"
#include "kernels/student/call.hpp"
#include "kernels/student/case_wire.hpp"

namespace alab::student {

extern const Launcher student_launcher;  // the end of the student's translation unit

namespace {

child::Bytes answer_case(std::span<const std::byte> bytes) {
  const CaseRequest request = case_request_from(bytes);
  counted::Options options;
  options.workers = request.workers;
  options.thread_budget = request.thread_budget;
  options.trace = request.wish;
  options.by_line = request.by_line;
  counted::CountedStream stream({}, options);
  stream.set_order(request.order);
  stream.set_seed(request.seed);
  CaseAnswer answer;
  try {
    const Placement placed(stream, request.buffers, request.inputs, request.zeroed);
    student_launcher(Call(stream, request.numbers, placed.buffers()));
    answer.outputs = placed.outputs();
    answer.damage = stream.damage();
    answer.changed = placed.changed();
  } catch (const Error& error) {
    answer.failure = error.what();
  }
  answer.launches.assign(stream.profiles().begin(), stream.profiles().end());
  answer.findings = stream.findings();
  answer.trace = stream.trace();
  return bytes_of(answer);
}

}  // namespace
}  // namespace alab::student

int main() {
  constexpr std::array<alab::child::Task, 1> kTasks{{{"case", alab::student::answer_case}}};
  alab::child::serve(kTasks, alab::counted::line_of_stack);
}
