// What counting costs: the counted build against the fast one, per rung and for matrix products. A program of
// its own, `counted_speed [FILTER]`, because a time is no test on a busy machine. SPDX-License-Identifier:
// MIT
#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <functional>

#include "kernels/executor/counted/counted_stream.hpp"
#include "kernels/profile_rung.hpp"
#include "tests/kernels/speed_samples.hpp"

using namespace alab;

namespace {

constexpr int kRepeats = 3;

double clock_seconds(clockid_t clock) {
  timespec t{};
  clock_gettime(clock, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

// Least CPU seconds of the busier of at most two OS threads over a few runs: time that other programs took
// does not count.
double cpu_seconds(const std::function<void()>& work) {
  double least = 1e30;
  for (int i = 0; i < kRepeats; ++i) {
    const double all = clock_seconds(CLOCK_PROCESS_CPUTIME_ID), own = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
    work();
    const double mine = clock_seconds(CLOCK_THREAD_CPUTIME_ID) - own;
    least = std::min(least, std::max(mine, clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - all - mine));
  }
  return least;
}

double accesses(std::span<const counted::LaunchProfile> launches) {
  std::uint64_t lanes = 0;
  for (const counted::LaunchProfile& l : launches) {
    const counted::Counters& c = l.total;
    lanes += c.global_load.lanes + c.global_store.lanes + c.global_atomic.lanes + c.shared_load.lanes +
             c.shared_store.lanes + c.shared_atomic.lanes;
  }
  return static_cast<double>(lanes);
}

void compare(const std::string& name, const std::function<void(Stream&)>& fast,
             const std::function<void(Stream&)>& slow) {
  executor::FastStream plain({}, 1);
  const double fast_s = cpu_seconds([&] { fast(plain); });
  std::array<double, 2> counted_s{};
  double n = 0;
  for (const unsigned workers : {1u, 2u}) {
    counted::Options options;
    options.workers = workers;
    counted::CountedStream counting({}, options);
    counted_s[workers - 1] = cpu_seconds([&] {
      counting.forget_profiles();
      slow(counting);
    });
    n = accesses(counting.profiles());
  }
  std::printf("%-50s %8.2f ms %9.2f ms %6.1f x %8.2f M %6.2f ns %6.2f x\n", name.c_str(), 1e3 * fast_s,
              1e3 * counted_s[0], counted_s[0] / fast_s, 1e-6 * n, 1e9 * counted_s[0] / n,
              counted_s[0] / counted_s[1]);
  std::fflush(stdout);
}

void compare_rung(const Op& op, const RungBuild& fast, const RungBuild& slow, std::string_view problem_text) {
  ParamSet problem(op.params);
  problem.assign(problem_text);
  const ParamSet tiles(fast.rung->tiles);
  if (fast.rung->unsupported != nullptr && !fast.rung->unsupported(problem, tiles).empty()) {
    return;
  }
  const HostArrays inputs = op.inputs(problem, synthetic_inputs().front(), {});
  const auto runner = [&](const RungBuild& build) {
    return [&](Stream& stream) {
      Buffers buffers;
      for (const BufferSpec& spec : op.buffers(problem)) {
        const auto bytes = static_cast<std::size_t>(element_count(spec.shape)) * 4;
        void* const p = bytes == 0 ? nullptr : stream.scratch(spec.name, bytes);
        if (const auto at = inputs.f32.find(spec.name); p != nullptr && at != inputs.f32.end()) {
          stream.upload(p, at->second.data(), bytes);
        }
        buffers.add(spec.name, p);
      }
      build.run(stream, problem, tiles, buffers);
    };
  };
  compare(text(op.id, "/", fast.rung->id, " ", problem_text), runner(fast), runner(slow));
}

std::string_view problem_of(std::string_view op) {
  return op.starts_with("softmax")          ? "rows=128 cols=2048"
         : op.starts_with("feature")        ? ""
         : op == "decode_step_linear"       ? "heads=8"
         : op.starts_with("decode_step_so") ? "context=1024 capacity=1024 heads=8"
                                            : "seq_len=512";
}

}  // namespace

int main(int argc, char** argv) {
  const std::string filter = argc > 1 ? argv[1] : "";
  std::printf("%-50s %11s %12s %8s %10s %9s %8s\n", "kernel, CPU time of one core", "fast", "counted",
              "ratio", "accesses", "each", "2 cores");
  for (const int n : {256, 512}) {
    for (const bool tiled : {false, true}) {
      const std::string name = text(tiled ? "tiled" : "naive", " product of ", n, " x ", n);
      if (name.find(filter) != std::string::npos) {
        compare(
            name, [&](Stream& s) { fast_build::run_product(s, tiled, n); },
            [&](Stream& s) { counted_build::run_product(s, tiled, n); });
      }
    }
  }
  for (std::size_t i = 0; i < counted_rungs().size(); ++i) {
    const RungBuild& fast = *executor_rungs()[i];
    if (text(fast.rung->op, "/", fast.rung->id).find(filter) != std::string::npos) {
      try {
        compare_rung(*find_op(fast.rung->op), fast, *counted_rungs()[i], problem_of(fast.rung->op));
      } catch (const std::exception& e) {
        std::printf("%s/%s: %s\n", std::string(fast.rung->op).c_str(), std::string(fast.rung->id).c_str(),
                    e.what());
      }
    }
  }
}
