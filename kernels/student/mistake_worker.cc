// alab_mistakes: runs a known mistake on one case for another program (kernels/executor/child.hpp).
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>

#include "kernels/carry_out.hpp"
#include "kernels/executor/child_serve.hpp"
#include "kernels/executor/stream.hpp"
#include "kernels/student/mistake.hpp"
#include "reference/core/error.hpp"

namespace alab::student {
namespace {

Launcher launcher_of(const MistakeRequest& r) {
  for (const MistakesOf& of : all_mistakes()) {
    const auto at =
        std::find_if(of.all.begin(), of.all.end(), [&](const Mistake& m) { return m.name == r.name; });
    if (of.exercise == r.exercise && at != of.all.end()) {
      return at->run;
    }
  }
  throw Error(
      text("exercise ", r.exercise, " has no known mistake '", r.name, "': build all programs again"));
}

child::Bytes answer_mistake(std::span<const std::byte> bytes) {
  const MistakeRequest r = mistake_request_from(bytes);
  executor::FastStream stream({}, r.request.workers);
  stream.set_order(r.request.order);
  stream.set_seed(r.request.seed);
  const Placement placed(stream, r.request.buffers, r.request.inputs, r.request.zeroed);
  launcher_of(r)(Call(stream, r.request.numbers, placed.buffers()));
  CaseAnswer answer;
  answer.outputs = placed.outputs();
  return bytes_of(answer);
}

}  // namespace
}  // namespace alab::student

int main() {
  constexpr std::array<alab::child::Task, 1> kTasks{{{"mistake", alab::student::answer_mistake, false}}};
  alab::child::serve(kTasks, nullptr);
}
