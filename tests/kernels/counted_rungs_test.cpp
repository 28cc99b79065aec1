// Every rung on the counted executor: right, and nothing to report, in every order.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "kernels/profile_rung.hpp"
#include "tests/kernels/shaped.hpp"

using namespace alab;

#if defined(ALAB_HAVE_COUNTED)

namespace {

// Shapes whose arithmetic is small; what is left out differs in size only.
bool is_small(const Op& op, std::string_view shape) {
  ParamSet problem(op.params);
  problem.assign(shape);
  return op.cost(problem).flops <= 2e7;
}

void check_all(Stream::Order order) {
  int silent = 0;
  for (const RungBuild* build : counted_rungs()) {
    const Op& op = *find_op(build->rung->op);
    for (const std::string_view shape : op.shapes) {
      const ParamSet tiles(build->rung->tiles);
      if (!is_small(op, shape)) {
        continue;
      }
      const Shaped& s = shaped(op, shape);
      if (build->rung->unsupported != nullptr && !build->rung->unsupported(s.problem, tiles).empty()) {
        continue;
      }
      RunOptions options;
      options.order = order;
      const RungProfile profile = profile_rung(op, *build, s.problem, tiles, s.inputs, s.judged, options, {});
      const std::string name = text(op.id, "/", build->rung->id, " ", shape);
      CAPTURE(name);
      CHECK(profile.run.passed);
      CHECK_FALSE(profile.launches.empty());
      for (const Check& check : profile.run.checks) {
        CHECK_MESSAGE(check.passed(), check.key, ": ", check.value, "; ", check.detail);
      }
      for (const counted::Finding& f : profile.findings) {
        FAIL_CHECK(f.sentence);
      }
      ++silent;
    }
  }
  CHECK(silent > 100);
  MESSAGE(silent, " runs");
}

}  // namespace

TEST_CASE("every intact rung is right and silent on the counted executor") {
  SUBCASE("ascending") {
    check_all(Stream::Order::ascending);
  }
  SUBCASE("descending") {
    check_all(Stream::Order::descending);
  }
  SUBCASE("shuffled") {
    check_all(Stream::Order::shuffled);
  }
}

TEST_CASE("the counted build has the rungs of the fast one") {
  REQUIRE(counted_rungs().size() == executor_rungs().size());
  for (std::size_t i = 0; i < counted_rungs().size(); ++i) {
    CHECK(counted_rungs()[i]->rung->id == executor_rungs()[i]->rung->id);
  }
  CHECK(counted_unavailable() == "");
}

TEST_CASE("every line of a rung's profile is a line of a kernel file, and lines add up to the launch") {
  for (const RungBuild* build : counted_rungs()) {
    const Op& op = *find_op(build->rung->op);
    const Shaped& s = shaped(op, op.shapes.front());
    const ParamSet tiles(build->rung->tiles);
    if (build->rung->unsupported != nullptr && !build->rung->unsupported(s.problem, tiles).empty()) {
      continue;
    }
    const RungProfile profile = profile_rung(op, *build, s.problem, tiles, s.inputs, s.judged, {}, {});
    CAPTURE(op.id);
    CAPTURE(build->rung->id);
    for (const counted::LaunchProfile& launch : profile.launches) {
      counted::Counters sum;
      for (const counted::LineProfile& line : launch.lines) {
        CHECK_MESSAGE(line.line.file.starts_with("kernels/"), line.line.file, ":", line.line.line);
        sum += line.counters;
      }
      CHECK(sum.global_load.passes == launch.total.global_load.passes);
      CHECK(sum.shared_load.passes == launch.total.shared_load.passes);
      CHECK(launch.kernel.find("(") == std::string::npos);
      CHECK(launch.kernel != "kernel");
    }
  }
}

#endif
