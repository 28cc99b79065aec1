// The bench of CPU forms: every form passes its check, a wrong one is never timed.
// SPDX-License-Identifier: MIT
#include "reference/cpu_forms.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace alab;

TEST_CASE("every CPU form of every family passes its check and reports a median inside its spread") {
  REQUIRE(cpu_families().size() == 3);
  for (const CpuFamily& family : cpu_families()) {
    REQUIRE(family.forms.size() >= 2);
    for (const CpuForm& form : family.forms) {
      for (const bool causal : {false, true}) {
        const CpuTiming t = time_cpu_form(
            family, form,
            {.heads = 2, .seq_len = 150, .head_dim = 32, .causal = causal, .threads = 2, .seconds = 0});
        CAPTURE(family.name);
        CAPTURE(t.form);
        CHECK(t.passed);
        CHECK(t.rel_l2 <= t.tolerance);
        CHECK(t.runs >= 5);
        CHECK((0 < t.low_s && t.low_s <= t.median_s && t.median_s <= t.high_s));
        CHECK(t.gflops > 0);
      }
    }
    CHECK(find_cpu_form(family, "blocked")->threaded);
    CHECK(find_cpu_form(family, "blokced") == nullptr);
    CHECK(find_cpu_family(family.name) == &family);
  }
  CHECK(find_cpu_family("attention") == nullptr);
}

TEST_CASE("a form that computes something else is not timed") {
  const CpuForm wrong{"wrong", "returns the values", false,
                      [](const CpuProblem& p, int, const Progress&) { return p.v; }};
  for (const CpuFamily& family : cpu_families()) {
    const CpuTiming t = time_cpu_form(family, wrong, {.seq_len = 40, .head_dim = 8, .seconds = 0});
    CHECK_FALSE(t.passed);
    CHECK(t.runs == 0);
    CHECK(std::isnan(t.median_s));
    CHECK(std::isnan(t.gflops));
  }
}

TEST_CASE("the bench refuses an empty problem") {
  const CpuFamily& family = cpu_families()[0];
  CHECK_THROWS_WITH_AS(time_cpu_form(family, family.forms[0], {.seq_len = 0}), doctest::Contains("0 tokens"),
                       Error);
}
