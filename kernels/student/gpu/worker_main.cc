// alab_gpu: runs one case of a student's kernels on this machine's GPU for another program
// (kernels/executor/child.hpp). All code of the host is the workbook's own; of the student's source it has
// device code alone. "alab_gpu FILE" runs the case in FILE and says nothing: for compute-sanitizer.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cstdio>

#include "kernels/carry_out.hpp"
#include "kernels/executor/child_serve.hpp"
#include "kernels/executor/wire.hpp"
#include "kernels/student/case_wire.hpp"
#include "kernels/student/gpu/gpu_stream.hpp"
#include "kernels/student/gpu_wire.hpp"
#include "reference/core/error.hpp"
#include "reference/core/files.hpp"

namespace alab::student {
namespace {

constexpr int kWarmUps = 3;

Launcher launcher_of(const std::string& exercise) {
  const auto all = given_launches();
  const auto at =
      std::find_if(all.begin(), all.end(), [&](const GivenLaunch& g) { return g.exercise == exercise; });
  require(at != all.end(), "exercise ", exercise, " has no launch.cu for a GPU: build all programs again");
  return at->run;
}

std::vector<double> times_of(GpuStream& stream, const std::function<void()>& work, int repeats) {
  std::vector<double> seconds;
  for (int i = 0; i < kWarmUps + repeats; ++i) {
    const double taken = stream.seconds(work);
    if (i >= kWarmUps) {
      seconds.push_back(taken);
    }
  }
  return seconds;
}

/// Outputs, unless the run is bare or timed.
CaseAnswer run_case(const GpuRequest& r, const CaseRequest& c, std::vector<double>& seconds) {
  CaseAnswer answer;
  GpuStream stream(r.image, r.bare);
  const Placement placed(stream, c.buffers, c.inputs, c.zeroed);
  const Call call(stream, c.numbers, placed.buffers());
  const auto work = [&] { launcher_of(r.exercise)(call); };
  if (r.repeats > 0) {
    seconds = times_of(stream, work, r.repeats);
    return answer;
  }
  work();
  stream.wait();
  if (!r.bare) {
    answer.outputs = placed.outputs();
    answer.damage = stream.damage();
    answer.changed = placed.changed();
  }
  return answer;
}

GpuAnswer answer_to(const GpuRequest& r) {
  GpuAnswer out;
  for (const std::vector<std::byte>& bytes : r.cases) {
    CaseAnswer answer;
    try {
      answer = run_case(r, case_request_from(bytes), out.seconds);
    } catch (const Error& error) {
      require(r.repeats == 0 && !r.bare, error.what());
      answer.failure = error.what();
    }
    out.answers.push_back(bytes_of(answer));
    if (!answer.failure.empty() && driver::driver().wait() != 0) {
      break;
    }
  }
  return out;
}

child::Bytes answer_case(std::span<const std::byte> bytes) {
  return wire::packed(answer_to(wire::unpacked<GpuRequest>(bytes)));
}

GpuDevice device() {
  GpuDevice out;
  try {
    const driver::Driver& d = driver::driver();
    driver::check(d.init(0), "starting CUDA: check nvidia-smi and CUDA_VISIBLE_DEVICES");
    int count = 0, major = 0, minor = 0;
    driver::check(d.device_count(&count), "counting GPUs");
    require(count > 0, "CUDA finds no GPU: check nvidia-smi and CUDA_VISIBLE_DEVICES");
    std::array<char, 200> name{};
    driver::check(d.device_name(name.data(), static_cast<int>(name.size()) - 1, 0), "asking for its name");
    driver::check(d.device_attribute(&major, driver::kMajor, 0), "asking for its kind");
    driver::check(d.device_attribute(&minor, driver::kMinor, 0), "asking for its kind");
    driver::check(d.version(&out.driver), "asking for the driver's version");
    out.name = name.data();
    out.sm = 10 * major + minor;
  } catch (const Error& error) {
    out.unavailable = error.what();
  }
  return out;
}

child::Bytes answer_device(std::span<const std::byte>) {
  return wire::packed(device());
}

int run_file(const char* file) {
  try {
    const std::string bytes = read_file(file);
    answer_to(wire::unpacked<GpuRequest>(std::as_bytes(std::span(bytes))));
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}

}  // namespace
}  // namespace alab::student

int main(int count, char** words) {
  if (count == 2) {
    return alab::student::run_file(words[1]);
  }
  constexpr std::array<alab::child::Task, 2> kTasks{{{"case", alab::student::answer_case, false, false},
                                                     {"device", alab::student::answer_device, false, false}}};
  alab::child::serve(kTasks, nullptr);
}
