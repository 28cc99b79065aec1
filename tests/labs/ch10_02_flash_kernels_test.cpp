// Flash tiling where CUDA kernels run: their traffic against the loop counter, the stepper against the
// reference's tile loop. SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "kernels/profile_rung.hpp"
#include "tests/labs/walk.hpp"

using namespace alab;

namespace {

/// simulated: with the executor or without.
Result run(std::string_view experiment, std::string_view settings, bool simulated = true,
           std::string_view input = "normal") {
  const Lab* lab = find_lab("ch10_02_flash_tiling");
  require(lab != nullptr, "the lab ch10_02_flash_tiling is not in this build");
  const Experiment& e = walk::experiment_of(*lab, experiment);
  return walk::run(*lab, e, walk::settings(e, settings), walk::source(input), nullptr, simulated);
}

/// The stepper of the running kernel, or with simulated = false of the reference's loop.
Result stepped(std::string_view settings, bool simulated, std::string_view input = "normal") {
  return run("tiles", settings, simulated, input);
}

double value(const Result& result, std::string_view scalar) {
  const Scalar* found = result.scalar(scalar);
  REQUIRE_MESSAGE(found != nullptr, scalar);
  return found->value;
}

bool says(const std::vector<std::string>& notes, std::string_view words) {
  return std::any_of(notes.begin(), notes.end(),
                     [&](const std::string& note) { return note.find(words) != std::string::npos; });
}

}  // namespace

TEST_CASE("flash tiling 3: the running kernels move what the loop counter counts, to the element") {
  if (counted_rungs().empty()) {
    MESSAGE("skipped: ", counted_unavailable());
    return;
  }
  for (const int d : {32, 128}) {
    const Result r = run("traffic", text("seq_len=1024 head_dim=", d));
    CHECK(r.check("pass_kernel_fa1")->value == 0);
    CHECK(r.check("pass_kernel_fa2")->value == 0);
    CHECK(value(r, "kernel_beyond") == 256 * d + 5 * 256);
    REQUIRE(r.plot("kernels") != nullptr);
    CHECK(r.plot("kernels")->series[0].ys.size() == 3);
    CHECK(r.plot("kernels")->series[0].provenance.kind == Provenance::counted);
  }
}

TEST_CASE("flash tiling S-42: what the running kernel did is the reference's loop, frame by frame") {
  if (counted_rungs().empty()) {
    MESSAGE("skipped: ", counted_unavailable());
    return;
  }
  struct Case {
    const char* settings;
    const char* input;
  };
  for (const Case& c : {Case{"seq_len=48 loop_order=fa2 causal=true", "normal"},
                        Case{"seq_len=65 loop_order=fa2 causal=true block_m=32 watched_row=64", "spike"},
                        Case{"seq_len=50 loop_order=fa2 causal=false block_n=64", "ascending"},
                        Case{"seq_len=48 loop_order=fa1 causal=false", "normal"},
                        Case{"seq_len=70 loop_order=fa1 causal=false block_m=64 block_n=32", "spike"}}) {
    CAPTURE(c.settings);
    const Result kernel = stepped(c.settings, true, c.input), loop = stepped(c.settings, false, c.input);
    for (const Check& check : kernel.checks) {
      CHECK_MESSAGE(check.passed(), check.key, ": ", check.value, " of ", check.high, ", loop ",
                    loop.check(check.key)->value);
    }
    CHECK_FALSE(says(kernel.notes, "reference's tile loop"));
    CHECK(says(loop.notes, "reference's tile loop"));
    const Stepper &shown = *kernel.stepper("tiles"), &expected = *loop.stepper("tiles");
    CHECK(shown.note.find("_order.cu") != std::string::npos);
    CHECK(shown.provenance.source.find("_order.cu") != std::string::npos);
    const bool fa1 = std::string_view(c.settings).find("fa1") != std::string_view::npos;
    REQUIRE(shown.frames.size() == expected.frames.size());
    for (std::size_t i = 0; i < shown.frames.size(); ++i) {
      const Frame &a = shown.frames[i], &b = expected.frames[i];
      CAPTURE(i);
      CHECK(a.kind == b.kind);
      CHECK(a.row == b.row);
      CHECK(a.col == b.col);
      CHECK(a.caption == b.caption);
      for (std::size_t q = 0; q < 4; ++q) {  // m, l, factor, |O|
        CHECK((a.values[q] == b.values[q] ||
               std::abs(a.values[q] - b.values[q]) <= 5e-6 * std::abs(b.values[q])));
      }
      CHECK((fa1 || a.values[4] == b.values[4]));
      CHECK(a.values[5] == b.values[5]);
    }
  }
}

TEST_CASE("flash tiling S-42: a tile that is skipped was never loaded; FA-1's kernel loads them all") {
  if (counted_rungs().empty()) {
    MESSAGE("skipped: ", counted_unavailable());
    return;
  }
  const Result fa2 = stepped("seq_len=64 block_m=16 block_n=16 loop_order=fa2 causal=true", true);
  CHECK(value(fa2, "skipped") == 6);
  CHECK(value(fa2, "computed") == 10);
  CHECK(value(fa2, "traffic") == 64 * 64 + 10 * 16 * 128 + 64 * 65);  // Q; K, V of ten tiles; O, logsumexp
  const Result fa1 = stepped("seq_len=64 block_m=16 block_n=16 loop_order=fa1 causal=true", true);
  CHECK(fa1.passed());
  CHECK(value(fa1, "skipped") == 0);
  CHECK(value(fa1, "computed") == 16);
  CHECK(says(stepped("block_m=8", true).notes, "between 16 and 64"));
  CHECK(stepped("block_m=8", true).passed());
}
