// Students' kernels from source to outputs: what comes out, what is counted, what is found and on which line.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/kernels/student_samples.hpp"

#if defined(ALAB_HAVE_COUNTED)

using namespace alab;
using namespace alab::student;
using child::ChildEnd;
using counted::Finding;
using counted::Mistake;

namespace {

const Finding* find(const CaseRun& run, Mistake mistake) {
  const auto at = std::find_if(run.findings.begin(), run.findings.end(),
                               [&](const Finding& f) { return f.mistake == mistake; });
  return at == run.findings.end() ? nullptr : &*at;
}

}  // namespace

TEST_CASE("a right kernel gives right outputs, exact counts and lines of its own file, in every order") {
  const Program program = samples::compiled(samples::right_kernel());
  CAPTURE(program.refused);
  for (const Diagnostic& d : program.diagnostics) {
    FAIL_CHECK(d.line, ": ", d.text);
  }
  REQUIRE_FALSE(program.file.empty());
  Case c = samples::small_case();
  for (const Stream::Order order :
       {Stream::Order::ascending, Stream::Order::descending, Stream::Order::shuffled}) {
    c.order = order;
    const CaseRun run = samples::run(program, c);
    CAPTURE(run.verdict.sentence);
    CAPTURE(run.verdict.output);
    REQUIRE(run.verdict.end == ChildEnd::answered);
    CHECK(samples::error_of(run, c) <= 1e-6);
    CHECK(run.findings.empty());
    CHECK(run.damage.empty());
    CHECK(run.changed.empty());
    REQUIRE(run.launches.size() == 1);
    const counted::LaunchProfile& launch = run.launches[0];
    CHECK(launch.kernel == "scores");
    CHECK(launch.where.file == "launch.cu");
    CHECK(launch.total.global_load.bytes == 4u * 2 * 20 * 20 * 5);
    CHECK(launch.total.global_store.bytes == 4u * 20 * 20);
    const auto store =
        std::find_if(launch.lines.begin(), launch.lines.end(),
                     [](const counted::LineProfile& l) { return l.counters.global_store.requests > 0; });
    REQUIRE(store != launch.lines.end());
    CHECK(store->line.file == "student.cu");
    CHECK(store->line.line == samples::kStoreLine);
  }
}

TEST_CASE("a trace holds the requests of the blocks that were wished for") {
  const Case c = samples::small_case();
  counted::TraceWish wish;
  wish.blocks = {0};
  const CaseRun run = run_case(samples::exercise(), samples::compiled(samples::right_kernel()), c,
                               samples::inputs_of(c), samples::limits(), {}, wish);
  REQUIRE(run.verdict.end == ChildEnd::answered);
  CHECK(run.trace.requests.size() == 8 * (2 * 5 + 1));
}

TEST_CASE("what does not compile has its errors on the lines of the student's file") {
  const Program program = samples::compiled(samples::changed_kernel("sum += Q[i", "sum += q[i"));
  CHECK(program.file.empty());
  REQUIRE_FALSE(program.diagnostics.empty());
  CHECK(program.diagnostics[0].line == 7);
  CHECK(program.diagnostics[0].column == 12);
  CHECK(program.diagnostics[0].error);
  CHECK(program.diagnostics[0].text.find("'q' was not declared") != std::string::npos);
}

TEST_CASE("mistakes are found on their lines") {
  const CaseRun outside = samples::run_source(samples::changed_kernel("i >= N || j >= N", "i >= N"));
  const Finding* const bounds = find(outside, Mistake::global_bounds);
  REQUIRE(bounds != nullptr);
  CHECK(bounds->line.file == "student.cu");
  CHECK((bounds->line.line == 7 || bounds->line.line == 8));

  const std::string shared =
      "__global__ void scores(const float* Q, const float* K, float* S, int N, int d, float scale) {\n"
      "  __shared__ float tile[256];\n"
      "  const int t = threadIdx.y * 16 + threadIdx.x;\n"
      "  tile[t] = Q[0];\n"
      "BARRIER\n"
      "  const float other = tile[255 - t];\n"
      "  if (blockIdx.x + blockIdx.y == 0) S[t] = other * K[0] * scale * d * N;\n"
      "}\n";
  const auto with_barrier = [&](std::string_view barrier) {
    std::string source = shared;
    return samples::run_source(source.replace(source.find("BARRIER"), 7, barrier));
  };
  CHECK(find(with_barrier("  __syncthreads();"), Mistake::shared_race) == nullptr);
  const CaseRun racing = with_barrier("");
  const Finding* const race = find(racing, Mistake::shared_race);
  REQUIRE(race != nullptr);
  CHECK(std::min(race->line.line, race->other_line.line) == 4);
  CHECK(std::max(race->line.line, race->other_line.line) == 6);
  const CaseRun divergent = with_barrier("  if (t < 100) __syncthreads();");
  CHECK(divergent.verdict.end == ChildEnd::failed);
  const Finding* const missed = find(divergent, Mistake::divergent_barrier);
  REQUIRE(missed != nullptr);
  CHECK(missed->line.file == "student.cu");
  CHECK(missed->line.line == 5);
}

TEST_CASE("inputs that a kernel writes are named") {
  const CaseRun run =
      samples::run_source(samples::changed_kernel("  S[i * N", "  const_cast<float*>(Q)[0] = 1;\n  S[i * N"));
  REQUIRE(run.verdict.end == ChildEnd::answered);
  CHECK(run.changed == std::vector<std::string>{"Q"});
}

#endif
