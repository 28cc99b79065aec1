// Kernels that try to take the program down, run in a child process: each ends with the right reason, at its
// line, and this program lives. SPDX-License-Identifier: MIT
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "kernels/executor/child.hpp"
#include "kernels/profile_in_child.hpp"
#include "kernels/profile_wire.hpp"
#include "tests/folders.hpp"
#include "tests/kernels/shaped.hpp"

using namespace alab;
using child::ChildEnd;
using child::ChildLimits;
using child::ChildVerdict;

namespace {

/// A counted build without in-place notes sees a thrown object's bytes first, and takes longer than the
/// limits.
#if defined(ALAB_INLINE_NOTES)
constexpr bool kCallsForAccesses = false;
#else
constexpr bool kCallsForAccesses = true;
#endif

/// What must come of a kernel. Several ends: which one depends on what is overwritten.
struct Expected {
  std::string_view name;
  std::vector<ChildEnd> ends;
  std::string_view words;  ///< of the sentence
  bool has_line = false;   ///< the line marked with the name
  bool endless = false;    ///< ends at the wall clock's limit only
};

/// A busy machine may let a child wait for long: only what never ends gets little time.
ChildLimits tight(bool endless) {
  ChildLimits limits;
  limits.wall_seconds = endless ? 0.5 : 60;
  limits.cpu_seconds = 60;
  limits.memory_bytes = std::size_t{300} << 20;
  limits.output_bytes = 1000;
  return limits;
}

int marked_line(std::string_view mark) {
  std::ifstream file(tests::source_folder() + "/tests/kernels/hostile.cu");
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.ends_with("// <- " + std::string(mark))) {
      return number;
    }
  }
  return 0;
}

ChildVerdict run_hostile(const std::string& build, std::string_view name, const ChildLimits& limits) {
  const auto* const first = reinterpret_cast<const std::byte*>(name.data());
  return child::run(tests::bin_folder() + "/hostile_worker", build, {first, name.size()}, limits, {});
}

struct Outcome {
  Expected expected;
  ChildVerdict verdict;
};

/// Several at a time: most of them wait.
std::vector<Outcome> run_all(const std::string& build, const std::vector<Expected>& all) {
  std::vector<Outcome> outcomes(all.size());
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (std::size_t at; (at = next++) < all.size();) {
        outcomes[at] = {all[at], run_hostile(build, all[at].name, tight(all[at].endless))};
      }
    });
  }
  threads.clear();
  return outcomes;
}

void check_ends(const std::string& build, const std::vector<Expected>& all) {
  for (const auto& [expected, v] : run_all(build, all)) {
    CAPTURE(build);
    CAPTURE(expected.name);
    CAPTURE(to_string(v.end));
    CAPTURE(v.sentence);
    CAPTURE(v.output);
    CHECK(std::find(expected.ends.begin(), expected.ends.end(), v.end) != expected.ends.end());
    CHECK(v.sentence.find(expected.words) != std::string::npos);
    CHECK(v.output.size() <= 1000);
    if (expected.has_line) {
      CHECK(v.line.file == "tests/kernels/hostile.cu");
      CHECK(v.line.line == marked_line(expected.name));
      CHECK(v.sentence.starts_with(text(v.line.file, ":", v.line.line, ": ")));
    }
  }
}

const std::vector<ChildEnd> kAnyTrouble{ChildEnd::failed, ChildEnd::wall_time, ChildEnd::cpu_time,
                                        ChildEnd::memory, ChildEnd::signal,    ChildEnd::exited,
                                        ChildEnd::garbled};

/// What is the same in every build; lines need the tables of the counted one.
std::vector<Expected> common(bool lines) {
  return {{"spin", {ChildEnd::wall_time}, "had not ended after 0.5 s", lines, true},
          {"sleep", {ChildEnd::wall_time}, "had not ended", lines, true},
          {"deaf", {ChildEnd::wall_time}, "had not ended", false, true},
          {"exit", {ChildEnd::exited}, "exit code 3", lines},
          {"exit at once", {ChildEnd::exited}, "exit code 4", lines},
          {"abort", {ChildEnd::signal}, "aborted itself", lines},
          {"throw", {ChildEnd::failed}, lines && kCallsForAccesses ? "is in no buffer" : "cannot throw"},
          {"kill itself", {ChildEnd::signal}, "signal 9"},
          {"divide", {ChildEnd::signal}, "divided an integer by zero", lines},
          {"allocate", {ChildEnd::memory}, "300 MB", lines},
          {"allocate at once", {ChildEnd::failed}, "bad_alloc"},
          {"overwrite the executor", kAnyTrouble, "", false, true},
          {"overwrite the stack", kAnyTrouble, "", false, true},
          {"forge", {ChildEnd::garbled}, "no result"},
          {"chatter", {ChildEnd::wall_time}, "had not ended", false, true},
          {"stop itself", {ChildEnd::wall_time}, "had not ended", false, true}};
}

}  // namespace

TEST_CASE("a hostile kernel ends with its reason, and this program lives: plain build") {
  std::vector<Expected> all = common(false);
  all.push_back({"spin in memory", {ChildEnd::wall_time}, "had not ended", false, true});
  all.push_back({"recurse", {ChildEnd::signal}, "stack ran over"});
  check_ends("fast", all);
}

#if defined(ALAB_HAVE_COUNTED)
TEST_CASE("a hostile kernel ends with its reason and its line: counted build") {
  std::vector<Expected> all = common(true);
  if (kCallsForAccesses) {
    all.push_back({"spin in memory", {ChildEnd::cpu_time, ChildEnd::wall_time}, "does a loop never end?"});
  } else {
    all.push_back({"spin in memory", {ChildEnd::failed}, "memory accesses"});
  }
  all.push_back({"recurse", {ChildEnd::failed}, "stack"});
  check_ends("counted", all);
}
#endif

TEST_CASE("a child makes no file, starts no process and reaches nobody") {
  const ChildVerdict files = run_hostile("fast", "make files", tight(false));
  CHECK(files.output ==
        "open refused\nopen refused\nmkdir refused\nsymlink refused\nlink refused\nmkfifo refused\n"
        "unlink refused\nchmod refused\nmemfd refused\n");
  CHECK_FALSE(std::filesystem::exists("hostile_kernel_was_here.tmp"));
  const ChildVerdict others = run_hostile("fast", "reach out", tight(false));
  CHECK(others.output ==
        "socket refused\nexecute refused\nsignal refused\nsignal refused\ntrace refused\n"
        "limit refused\nread allowed\n");
  const ChildVerdict forks = run_hostile("fast", "multiply", tight(false));
  CHECK(forks.output == "fork refused\nfork refused\nfork refused\n");
}

TEST_CASE("a child's processor time and output are bounded") {
  ChildLimits limits = tight(false);
  limits.cpu_seconds = 1;
  limits.wall_seconds = 300;
  const ChildVerdict busy = run_hostile("fast", "spin", limits);
  CHECK(busy.end == ChildEnd::cpu_time);
  limits = tight(true);
  limits.wall_seconds = 2;  // on a busy machine it may have to wait before it says anything
  const ChildVerdict loud = run_hostile("fast", "chatter", limits);
  CHECK(loud.output.size() == 1000);
}

TEST_CASE("a child that is no longer wanted is ended, a missing program is told") {
  std::stop_source stop;
  Progress progress;
  progress.stop = stop.get_token();
  std::jthread soon([&stop] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop.request_stop();
  });
  const std::string name = "spin";
  const auto start = std::chrono::steady_clock::now();
  CHECK_THROWS_AS(child::run(tests::bin_folder() + "/hostile_worker", "fast",
                             {reinterpret_cast<const std::byte*>(name.data()), name.size()}, {}, progress),
                  Cancelled);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(30));
  const ChildVerdict missing = child::run("/no/such/program", "fast", {}, tight(false), {});
  CHECK(missing.end == ChildEnd::did_not_start);
  CHECK(missing.sentence.find("/no/such/program") != std::string::npos);
  CHECK(run_hostile("no such task", "spin", tight(false)).end == ChildEnd::failed);
}

#if defined(ALAB_HAVE_COUNTED)

namespace {

struct Sample {
  const RungBuild& build;
  const Op& op;
  const Shaped& shape;
};
Sample sample() {
  const RungBuild& build = *rungs_of("softmax_rows", counted_rungs()).back();
  const Op& op = *find_op("softmax_rows");
  return {build, op, shaped(op, op.shapes.front())};
}

}  // namespace

TEST_CASE("a rung profiled in a child process gives what it gives here") {
  const auto& [build, op, s] = sample();
  const ParamSet tiles(build.rung->tiles);
  counted::TraceWish wish;
  wish.blocks = {0};
  const ContainedProfile there = profile_rung_in_child(op, build, s.problem, tiles, s.inputs, s.judged, {},
                                                       profile_limits(), {}, wish, CountFlops::yes);
  const RungProfile here =
      profile_rung(op, build, s.problem, tiles, s.inputs, s.judged, {}, {}, wish, CountFlops::yes);
  CAPTURE(there.verdict.sentence);
  REQUIRE(there.verdict.end == ChildEnd::answered);
  CHECK(there.profile.run.passed);
  CHECK(there.profile.run.rung == build.rung);
  CHECK(there.profile.findings.empty());
  CHECK(there.profile.trace.requests.size() > 0);
  CHECK(bytes_of(there.profile) == bytes_of(here));
  CHECK(there.profile.launches[0].buffers[0].load_bytes == here.launches[0].buffers[0].load_bytes);
  const RungBuild& plain = *rungs_of("softmax_rows", executor_rungs()).back();
  const ContainedProfile fast =
      profile_rung_in_child(op, plain, s.problem, tiles, s.inputs, s.judged, {}, profile_limits(), {});
  CHECK(fast.profile.run.passed);
  CHECK(fast.profile.launches.empty());
}

TEST_CASE("a rung that runs past its limits is a failed check and a finding") {
  const auto& [build, op, s] = sample();
  child::ChildLimits limits;
  limits.wall_seconds = 0;
  const ContainedProfile late = profile_rung_in_child(op, build, s.problem, ParamSet(build.rung->tiles),
                                                      s.inputs, s.judged, {}, limits, {});
  if (late.verdict.end != ChildEnd::answered) {  // it may be faster than the clock is looked at
    CHECK(late.verdict.end == ChildEnd::wall_time);
    CHECK_FALSE(late.profile.run.passed);
    REQUIRE(late.profile.findings.size() == 1);
    CHECK(late.profile.findings[0].mistake == counted::Mistake::too_long);
    CHECK(late.profile.run.checks.at(0).detail == late.verdict.sentence);
  }
}

TEST_CASE("whatever bytes come back, they are a sound profile or an Error") {
  const auto& [build, op, s] = sample();
  counted::TraceWish wish;
  wish.blocks = {0};
  wish.most_requests = 4;
  RungProfile profile = profile_rung(op, build, s.problem, ParamSet(build.rung->tiles), s.inputs, s.judged,
                                     {}, {}, wish, CountFlops::yes);
  profile.findings.resize(1);
  profile.run.outputs = {};
  const std::vector<std::byte> good = bytes_of(profile);
  CHECK(rung_profile_from(good).launches.size() == profile.launches.size());
  for (std::size_t n = 0; n < good.size(); n += 7) {
    CHECK_THROWS_AS(rung_profile_from({good.data(), n}), Error);
  }
  std::size_t refused = 0;
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const unsigned char value : {0x00, 0x7F, 0xFF}) {
      std::vector<std::byte> bad = good;
      bad[at] = std::byte{value};
      try {
        const RungProfile read = rung_profile_from(bad);
        for (const counted::TracedRequest& r : read.trace.requests) {
          REQUIRE(static_cast<std::size_t>(r.line) < read.trace.lines.size());
        }
      } catch (const Error&) {
        ++refused;
      }
    }
  }
  CHECK(refused > 100);
}

#endif
