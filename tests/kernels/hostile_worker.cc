// Runs one of the hostile kernels in either build: the child of child_test.cpp.
// SPDX-License-Identifier: MIT
#include <array>
#include <string>

#include "kernels/executor/child_serve.hpp"
#include "kernels/executor/stream.hpp"
#include "reference/core/error.hpp"
#include "tests/kernels/hostile.hpp"
#if defined(ALAB_HAVE_COUNTED)
#include "kernels/executor/counted/counted_stream.hpp"
#include "kernels/executor/counted/source_lines.hpp"
#endif

using namespace alab;

namespace {

void run_named(std::span<const samples::Hostile> kernels, std::span<const std::byte> name, Stream& stream) {
  const std::string_view wanted(reinterpret_cast<const char*>(name.data()), name.size());
  for (const samples::Hostile& kernel : kernels) {
    if (kernel.name == wanted) {
      kernel.run(stream);
      return;
    }
  }
  throw Error(text("there is no hostile kernel '", wanted, "'"));
}

child::Bytes run_fast(std::span<const std::byte> name) {
  executor::FastStream stream({}, 1);
  run_named(fast_build::hostile_kernels(), name, stream);
  return child::Bytes(2);
}

#if defined(ALAB_HAVE_COUNTED)
child::Bytes run_counted(std::span<const std::byte> name) {
  counted::Options options;
  options.workers = 2;
  options.thread_budget = 100000;
  counted::CountedStream stream({}, options);
  run_named(counted_build::hostile_kernels(), name, stream);
  return child::Bytes(2);
}
#endif

}  // namespace

int main() {
#if defined(ALAB_HAVE_COUNTED)
  constexpr std::array<child::Task, 2> kTasks{{{"fast", run_fast, false}, {"counted", run_counted}}};
  child::serve(kTasks, counted::line_of_stack);
#else
  constexpr std::array<child::Task, 1> kTasks{{{"fast", run_fast, false}}};
  child::serve(kTasks, nullptr);
#endif
}
