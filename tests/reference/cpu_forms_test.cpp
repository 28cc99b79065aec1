// The bench of CPU forms: every form passes its check, a wrong one is never timed.
// SPDX-License-Identifier: MIT
#include "reference/cpu_forms.hpp"

#include <doctest/doctest.h>

#include <cmath>

using namespace alab;

TEST_CASE("every CPU form passes its check and reports a median inside its spread") {
  REQUIRE(attention_cpu_forms().size() >= 2);
  for (const CpuForm& form : attention_cpu_forms()) {
    for (const bool causal : {false, true}) {
      const CpuTiming t = time_attention_cpu_form(
          form, {.heads = 2, .seq_len = 150, .head_dim = 32, .causal = causal, .threads = 2, .seconds = 0});
      CAPTURE(t.form);
      CHECK(t.passed);
      CHECK(t.rel_l2 <= t.tolerance);
      CHECK(t.runs >= 5);
      CHECK((0 < t.low_s && t.low_s <= t.median_s && t.median_s <= t.high_s));
      CHECK(t.gflops > 0);
    }
  }
  CHECK(find_attention_cpu_form("blocked")->threaded);
  CHECK(find_attention_cpu_form("blokced") == nullptr);
}

TEST_CASE("a form that computes something else is not timed") {
  const CpuForm wrong{
      "wrong", "forgets the scale", false,
      [](const Tensor<float>& q, const Tensor<float>& k, const Tensor<float>& v, const AttentionOptions&, int,
         const Progress&) { return softmax_attention(q, k, v, AttentionOptions{.scale = 1}); }};
  const CpuTiming t = time_attention_cpu_form(wrong, {.seq_len = 40, .head_dim = 8, .seconds = 0});
  CHECK_FALSE(t.passed);
  CHECK(t.runs == 0);
  CHECK(std::isnan(t.median_s));
  CHECK(std::isnan(t.gflops));
}

TEST_CASE("the bench refuses an empty problem") {
  CHECK_THROWS_WITH_AS(time_attention_cpu_form(attention_cpu_forms()[0], {.seq_len = 0}),
                       doctest::Contains("0 tokens"), Error);
}
