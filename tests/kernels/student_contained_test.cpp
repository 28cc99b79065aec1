// Students' kernels that try to take more than they are given: each ends within its limits, and the next case
// runs. SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "kernels/student/limited_command.hpp"
#include "kernels/student/program_cache.hpp"
#include "kernels/student/sandbox.hpp"
#include "reference/core/files.hpp"
#include "tests/folders.hpp"
#include "tests/kernels/student_samples.hpp"

using namespace alab;
using namespace alab::student;
using child::ChildEnd;
using child::ChildVerdict;

namespace {

Finished in_box(std::string_view script) {
  std::vector<std::string> command = bubblewrap({});
  command.insert(command.end(), {"/bin/sh", "-c", std::string(script)});
  CommandLimits limits;
  limits.wall_seconds = 60;
  return run_limited(command, "/", limits, {});
}

ChildVerdict wrapped(std::string_view kernel, double wall_seconds) {
  const std::filesystem::path program = tests::bin_folder() + "/hostile_worker";
  child::Wrapper wrapper{bubblewrap({&program, 1})};
  wrapper.command.push_back(program.string());
  child::ChildLimits limits;
  limits.wall_seconds = wall_seconds;
  limits.cpu_seconds = 60;
  limits.memory_bytes = std::size_t{300} << 20;
  limits.output_bytes = 1000;
  return child::run(wrapper, "fast", {reinterpret_cast<const std::byte*>(kernel.data()), kernel.size()},
                    limits, {});
}

}  // namespace

TEST_CASE("without bubblewrap nothing runs unless limits say so, and the sentence names the package") {
  const Containment none = try_bubblewrap("/no/such/bwrap");
  CHECK_FALSE(none.bubblewrap);
  CHECK(none.unavailable.find("apt-get install bubblewrap") != std::string::npos);
  const Containment broken = try_bubblewrap("/bin/false");
  CHECK_FALSE(broken.bubblewrap);
  CHECK(broken.unavailable.find("does not work here") != std::string::npos);
}

TEST_CASE("inside, there is no home, no network, nothing to write to and no other process") {
  if (!containment().bubblewrap) {
    MESSAGE("not run: ", containment().unavailable);
    return;
  }
  CHECK(in_box("ls -d /home /root /etc/passwd /var 2>/dev/null").output.empty());
  CHECK(in_box("cat /proc/net/dev | grep -c :").output == "1\n");  // lo alone, and it is down
  CHECK(in_box("touch /usr/x || touch /x; echo $?").output.find("Read-only") != std::string::npos);
  CHECK(in_box("ls /proc | grep -c '^[0-9]'").output.size() == 2);
  CHECK(in_box("touch /tmp/x && ls /tmp").output == "x\n");
  CHECK(in_box("echo $HOME$USER$XDG_CACHE_HOME").output == "\n");
}

TEST_CASE("a wrapped worker ends with its reason, as a plain one does") {
  if (!containment().bubblewrap) {
    MESSAGE("not run: ", containment().unavailable);
    return;
  }
  struct Expected {
    std::string_view kernel;
    ChildEnd end;
    std::string_view words;
    double wall_seconds = 60;
    ChildVerdict verdict = {};
  };
  std::vector<Expected> all{{"spin", ChildEnd::wall_time, "had not ended after 0.5 s", 0.5},
                            {"deaf", ChildEnd::wall_time, "had not ended", 0.5},
                            {"chatter", ChildEnd::wall_time, "had not ended", 0.5},
                            {"exit", ChildEnd::exited, "exit code 3"},
                            {"abort", ChildEnd::signal, "aborted itself"},
                            {"divide", ChildEnd::signal, "divided an integer by zero"},
                            {"kill itself", ChildEnd::signal, "signal 9"},
                            {"allocate", ChildEnd::memory, "300 MB"},
                            {"allocate at once", ChildEnd::failed, "bad_alloc"}};
  std::atomic<std::size_t> next{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (std::size_t at; (at = next++) < all.size();) {
        all[at].verdict = wrapped(all[at].kernel, all[at].wall_seconds);
      }
    });
  }
  threads.clear();
  for (const Expected& e : all) {
    CAPTURE(e.kernel);
    CAPTURE(e.verdict.sentence);
    CHECK(to_string(e.verdict.end) == to_string(e.end));
    CHECK(e.verdict.sentence.find(e.words) != std::string::npos);
    CHECK(e.verdict.output.size() <= 1000);
  }
}

TEST_CASE("a wrapper that cannot start the worker says so") {
  child::Wrapper wrapper{{"/bin/sh", "-c", "echo no such worker; exit 1"}};
  const ChildVerdict v = child::run(wrapper, "case", {}, {}, {});
  CHECK(v.end == ChildEnd::did_not_start);
  CHECK(v.sentence.find("no such worker") != std::string::npos);
}

TEST_CASE("a command that takes too long, or prints without end, is ended with all that it started") {
  CommandLimits limits;
  limits.wall_seconds = 0.3;
  limits.output_bytes = 1000;
  const Finished late =
      run_limited({"/bin/sh", "-c", "while :; do echo more; done & sleep 100"}, "/", limits, {});
  CHECK(late.too_late);
  CHECK(late.seconds < 30);
  CHECK(late.output.size() == 1000);
  const Finished missing = run_limited({"/no/such/program"}, "/", limits, {});
  CHECK(missing.exit_code == 127);
}

#if defined(ALAB_HAVE_COUNTED)

namespace {

CaseRun run_with(std::string_view statement, double wall_seconds, std::size_t memory_mb = 2048) {
  const Program program =
      samples::compiled(samples::changed_kernel("  S[i * N", text("  ", statement, "\n  S[i * N")));
  for (const Diagnostic& d : program.diagnostics) {
    CAPTURE(d.line);
    CHECK_MESSAGE(!d.error, d.text);
  }
  REQUIRE_FALSE(program.file.empty());
  StudentLimits limits = samples::limits();
  limits.run.wall_seconds = wall_seconds;
  limits.run.memory_bytes = memory_mb << 20;
  limits.run.output_bytes = 1000;
  const Case c = samples::small_case();
  return run_case(samples::exercise(), program, c, samples::inputs_of(c), limits, {});
}

}  // namespace

TEST_CASE("loops, allocations and output without end stop at their limits, and the next case runs") {
  const CaseRun loop = run_with("for (;;) {}", 0.5);
  CHECK(loop.verdict.end == ChildEnd::wall_time);
  CHECK(loop.verdict.line.file == "student.cu");
  CHECK(loop.verdict.line.line > 0);
  const CaseRun storing = run_with("for (;;) S[i * N + j] += 1;", 0.5);
  CHECK(storing.verdict.end == ChildEnd::wall_time);
  CHECK(storing.verdict.sentence.starts_with("student.cu:8: "));
  const CaseRun hungry = run_with("for (;;) memset(malloc(1 << 20), 1, 1 << 20);", 60, 300);
  CHECK(hungry.verdict.end == ChildEnd::memory);
  const CaseRun loud = run_with("for (;;) printf(\"still here\\n\");", 0.5);
  CHECK(loud.verdict.end == ChildEnd::wall_time);
  CHECK(loud.verdict.output.size() == 1000);
  CHECK(samples::run_source(samples::right_kernel()).verdict.end == ChildEnd::answered);
}

TEST_CASE("templates without end are an error of the student's file, within the limits") {
  StudentLimits limits = samples::limits();
  limits.compile_seconds = 1;
  samples::right_kernel();
  const std::string slow =
      "constexpr int count(int n) { int s = 0; for (int i = 0; i < n; ++i) s ^= i; return s; }\n"
      "template <int N> struct Slow { static constexpr int n = count(200000 + N) + Slow<N - 1>::n; };\n"
      "template <> struct Slow<0> { static constexpr int n = 0; };\n"
      "static_assert(Slow<800>::n != 1);\n" +
      samples::right_kernel();
  samples::compiled(samples::right_kernel());  // the cache folder is the test's own
  const Program late = compile_source(slow, samples::launch_text(), limits, {});
  REQUIRE_FALSE(late.diagnostics.empty());
  CHECK(late.file.empty());
  CHECK(late.diagnostics[0].text.find("took longer than 1 s") != std::string::npos);
  limits.compile_seconds = 60;
  limits.compile_bytes = std::size_t{260} << 20;
  const std::string large =
      "struct Large {\n  int x[4096][4096];\n  constexpr Large() : x() {\n    for (int i = 0; i < 4096; "
      "++i)\n"
      "      for (int j = 0; j < 4096; ++j) x[i][j] = i ^ j;\n  }\n};\nconstexpr Large large;\n" +
      samples::right_kernel();
  const Program huge = compile_source(large, samples::launch_text(), limits, {});
  CHECK(huge.file.empty());
  REQUIRE_FALSE(huge.diagnostics.empty());
  CAPTURE(huge.diagnostics[0].text);
  CHECK(huge.diagnostics[0].text.find("needs more memory than 260 MB") != std::string::npos);
}

TEST_CASE("the same text costs nothing the second time, and a changed launch is another program") {
  const Program first = samples::compiled(samples::right_kernel());
  const Program second = samples::compiled(samples::right_kernel());
  CHECK(second.file == first.file);
  CHECK(second.seconds == 0);
  const Program other =
      compile_source(samples::right_kernel(), text(samples::launch_text(), "\n"), samples::limits(), {});
  CHECK(other.file != first.file);
  const Program wrong = samples::compiled(samples::changed_kernel("return;", "retrun;"));
  const Program again = samples::compiled(samples::changed_kernel("return;", "retrun;"));
  CHECK(again.seconds == 0);
  REQUIRE(again.diagnostics.size() == wrong.diagnostics.size());
  CHECK(again.diagnostics[0].text == wrong.diagnostics[0].text);
  for (const auto& entry : std::filesystem::directory_iterator(cache_dir() / "student")) {
    CHECK_FALSE(entry.path().filename().string().starts_with("work-"));
  }
}

#endif
