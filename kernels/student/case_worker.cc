// The main of every student's program: runs one case for another program (kernels/executor/child.hpp).
// SPDX-License-Identifier: MIT
#include <array>

#include "kernels/carry_out.hpp"
#include "kernels/executor/child_serve.hpp"
#include "kernels/executor/counted/counted_stream.hpp"
#include "kernels/executor/counted/flop_stream.hpp"
#include "kernels/executor/counted/source_lines.hpp"
#include "kernels/student/call.hpp"
#include "kernels/student/case_wire.hpp"

namespace alab::student {

extern const Launcher student_launcher;  // the end of the student's translation unit

namespace {

constexpr std::size_t kLongestName = 40;

void carry_out(executor::ExecutorStream& stream, const CaseRequest& request, CaseAnswer& answer) {
  stream.set_order(request.order);
  stream.set_seed(request.seed);
  try {
    const Placement placed(stream, request.buffers, request.inputs, request.zeroed);
    student_launcher(Call(stream, request.numbers, placed.buffers()));
    answer.outputs = placed.outputs();
    answer.damage = stream.damage();
    answer.changed = placed.changed();
  } catch (const Error& error) {
    answer.failure = error.what();
  }
}

child::Bytes count_operations(const CaseRequest& request) {
  counted::FlopStream stream({}, request.workers);
  CaseAnswer answer;
  carry_out(stream, request, answer);
  answer.operations.assign(stream.launches().begin(), stream.launches().end());
  return bytes_of(answer);
}

child::Bytes answer_case(std::span<const std::byte> bytes) {
  const CaseRequest request = case_request_from(bytes);
  if (request.operations) {
    return count_operations(request);
  }
  counted::Options options;
  options.workers = request.workers;
  options.thread_budget = request.thread_budget;
  options.trace = request.wish;
  options.by_line = request.by_line;
  counted::CountedStream stream({}, options);
  CaseAnswer answer;
  carry_out(stream, request, answer);
  answer.launches.assign(stream.profiles().begin(), stream.profiles().end());
  answer.findings = stream.findings();
  answer.trace = stream.trace();
  for (const counted::WatchedValue& v : answer.trace.values) {
    answer.shown.push_back({std::string(v.name.substr(0, kLongestName)), v.block, v.launch, v.thread, v.value});
  }
  return bytes_of(answer);
}

}  // namespace
}  // namespace alab::student

int main() {
  constexpr std::array<alab::child::Task, 1> kTasks{{{"case", alab::student::answer_case}}};
  alab::child::serve(kTasks, alab::counted::line_of_stack);
}
