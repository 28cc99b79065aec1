// Flash tiling: one case per pass of the walk-through with the curriculum's tolerance, then the facts behind
// the views. SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "labs/ch10_02_flash_tiling/tiles.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/compare.hpp"
#include "reference/flash_attention.hpp"
#include "tests/labs/walk.hpp"

using namespace alab;
using flash_tiling::CausalTest;
using flash_tiling::Counters;
using flash_tiling::LoopOrder;
using flash_tiling::RescaleRule;
using flash_tiling::run_tiles;
using flash_tiling::TileProblem;
using flash_tiling::TileUse;

namespace {

const Lab& lab() {
  const Lab* found = find_lab("ch10_02_flash_tiling");
  require(found != nullptr, "the lab ch10_02_flash_tiling is not in this build");
  return *found;
}

Result run(std::string_view experiment, std::string_view settings = "", std::string_view input = "normal",
           bool simulated = true) {
  const Experiment& e = walk::experiment_of(lab(), experiment);
  return walk::run(lab(), e, walk::settings(e, settings), walk::source(input), nullptr, simulated);
}

double value(const Result& result, std::string_view scalar) {
  const Scalar* found = result.scalar(scalar);
  REQUIRE_MESSAGE(found != nullptr, scalar);
  return found->value;
}

double relative(const RowMatrix<float>& got, const Tensor<float>& want) {
  const Tensor<double> truth = want.cast<double>();
  return difference<float>(std::span(got.data(), static_cast<std::size_t>(got.size())), truth.span()).rel_l2;
}

struct Drawn {
  AttentionInput in;
  TileProblem problem(std::int64_t bm, std::int64_t bn, LoopOrder order, bool causal = false) const {
    return {.query = head(in.query, 0),
            .key = head(in.key, 0),
            .value = head(in.value, 0),
            .softmax_scale = 1 / std::sqrt(static_cast<double>(in.query.extent(2))),
            .causal = causal,
            .block_m = bm,
            .block_n = bn,
            .order = order};
  }
};
Drawn drawn(std::int64_t n, std::int64_t d) {
  return {walk::source().make({1, n, d, d, 7}, {})};
}

FlashOptions options(std::int64_t bm, std::int64_t bn, bool causal, FlashCounters* counters) {
  FlashOptions o;
  o.causal = causal;
  o.tiles = {bm, bn};
  o.counters = counters;
  return o;
}

}  // namespace

TEST_CASE("flash tiling 1: tiled equals dense within 5e-6 for every tile size, and the FLOPs stay") {
  for (const char* settings : {"seq_len=256 block_m=64 block_n=64", "seq_len=257 block_m=64 block_n=16",
                               "seq_len=1 block_m=1 block_n=1", "seq_len=100 block_m=1 block_n=128",
                               "seq_len=129 block_m=128 block_n=1 causal=true"}) {
    const Result r = run("exactness", settings);
    CHECK(r.passed());
    CHECK(value(r, "error_fa2") <= 5e-6);
    CHECK(value(r, "error_fa1") <= 5e-6);
  }
  CHECK(value(run("exactness", "seq_len=256"), "flop_ratio") == 1);
}

TEST_CASE(
    "flash tiling 2: without the rescale ascending and spike are off by more than 0.3, descending is exact") {
  for (int seed = 1; seed <= 20; ++seed) {
    const Result r = run("rescale", text("tiles=4 span=8 seed=", seed));
    CHECK(value(r, "off_ascending") > 0.3);
    CHECK(value(r, "off_spike") > 0.3);
    CHECK(value(r, "off_descending") <= 5e-6);
    CHECK(value(r, "on_worst") <= 5e-6);
  }
  CHECK(value(run("rescale", "span=1"), "off_ascending") < 0.3);  // a gentle span hides the bug
}

TEST_CASE("flash tiling 3: accesses fall as 1/M, slope -1 +- 0.05, and N^2 d^2 / M times 12 to 13.5") {
  for (const char* n : {"1024", "2048", "4096"}) {
    for (const char* d : {"32", "64", "128"}) {
      const Result r = run("traffic", text("seq_len=", n, " head_dim=", d), "normal", false);
      CHECK(std::abs(value(r, "slope") + 1) <= 0.05);
      CHECK(value(r, "ratio_low") >= 12);
      CHECK(value(r, "ratio_high") <= 13.5);
      CHECK(value(r, "chip_share") <= 1.27);
    }
  }
}

TEST_CASE("flash tiling 4: Algorithm 1 beats three kernels above 3 d^2 elements") {
  CHECK(value(run("crossover", "head_dim=64"), "rule") == 12288);
  CHECK(value(run("crossover", "head_dim=64"), "rule_kib") == 24);
  CHECK(value(run("crossover", "head_dim=128"), "rule") == 49152);
  CHECK(value(run("crossover", "head_dim=128"), "rule_kib") == 96);
  for (const char* d : {"32", "64", "128"}) {
    CHECK(run("crossover", text("seq_len=4096 head_dim=", d)).passed());
  }
}

TEST_CASE("flash tiling 5: the HBM row of Fig. 2") {
  const char* shape = "batch=64 heads=16 seq_len=1024 head_dim=64";
  const Result r = run("ledger", text(shape, " block_n=256"));
  CHECK(std::abs(value(r, "standard") / 1e9 - 40.27) <= 0.1);
  CHECK(value(r, "squares") == 18);
  CHECK(value(r, "bare") / 1e9 == doctest::Approx(25.2).epsilon(0.002));
  CHECK(value(r, "flash_literal") / 1e9 == doctest::Approx(5.10).epsilon(0.002));
  CHECK(value(r, "flash_refined") / 1e9 == doctest::Approx(4.56).epsilon(0.002));
  CHECK(std::abs(value(r, "flash_refined") / 4.4e9 - 1) <= 0.2);
  CHECK(value(r, "flash_vectors") / 1e9 >= 5.15);
  CHECK(value(r, "flash_vectors") / 1e9 <= 5.20);
  CHECK(value(r, "flop_ratio") >= 1.10);
  CHECK(value(r, "flop_ratio") <= 1.20);
  CHECK(value(r, "gflops_standard") == doctest::Approx(824.6).epsilon(1e-4));
  CHECK(value(r, "gflops_flash") == doctest::Approx(962.1).epsilon(1e-4));
  CHECK(value(run("ledger", text(shape, " block_n=128")), "flash_literal") / 1e9 ==
        doctest::Approx(9.4).epsilon(0.002));
  CHECK(value(run("ledger", text(shape, " block_n=512")), "flash_literal") / 1e9 ==
        doctest::Approx(2.95).epsilon(0.002));
  const Table* sums = r.table("decompositions");
  REQUIRE(sums != nullptr);
  const double gigabytes[] = {25.2, 29.5, 35.98, 40.27, 9.4, 9.5, 8.32, 5.10, 5.15, 4.56, 2.95, 2.98, 2.68};
  REQUIRE(sums->rows.size() == std::size(gigabytes));
  for (std::size_t i = 0; i < sums->rows.size(); ++i) {
    CAPTURE(i);
    CHECK(sums->rows[i][3].value / 1e9 == doctest::Approx(gigabytes[i]).epsilon(0.01));
  }
  CHECK(value(r, "bound_standard") == doctest::Approx(25.9e-3).epsilon(0.002));
  CHECK(value(r, "bound_flops") == doctest::Approx(3.1e-3).epsilon(0.01));
  for (const Check& check : r.checks) {  // the printed GFLOPs are shown and never gate
    CHECK(check.low != doctest::Approx(66.6));
    CHECK(check.high != doctest::Approx(75.2));
  }
}

TEST_CASE("flash tiling 5: printed numbers carry the label paper") {
  const Result r = run("ledger");
  const Table* table = r.table("figure_2");
  REQUIRE(table != nullptr);
  for (const auto& row : table->rows) {
    CHECK(row[1].provenance.kind == Provenance::paper);
    CHECK(row[2].provenance.kind == Provenance::modelled);
    CHECK(row[3].provenance.kind == Provenance::paper);
  }
}

TEST_CASE("flash tiling 6: the share of causal tiles is exactly (T + 1) / 2T") {
  CHECK(value(run("causal", "tiles=4"), "fraction") == 0.625);
  CHECK(value(run("causal", "tiles=8"), "fraction") == 0.5625);
  CHECK(value(run("causal", "tiles=16"), "fraction") == 0.53125);
  CHECK(value(run("causal", "tiles=64 tile_side=8"), "fraction") == 65.0 / 128);
  const Result r = run("causal", "tiles=8");
  CHECK(r.passed());
  CHECK(r.check("pass_clock")->lamp);
}

TEST_CASE("flash tiling 7: both D agree to 1e-12, gradients to 1e-6, tiled float to 5e-5") {
  for (const char* settings : {"", "causal=true", "seq_len=5 head_dim=4", "seq_len=65 head_dim=16 seed=3"}) {
    const Result r = run("backward", settings);
    CHECK(value(r, "row_term") <= 1e-12);
    CHECK(value(r, "gradients") <= 1e-6);
    CHECK(value(r, "tiled_fa1") <= 5e-5);
    CHECK(value(r, "tiled_fa2") <= 5e-5);
  }
}

TEST_CASE("flash tiling 8: saved for the backward pass, slope 1 against slope 2") {
  const Result r = run("memory", "max_len=1024 head_dim=64");
  CHECK(r.passed());
  CHECK(value(r, "flash_saved_last") == 1024 * 65);
  CHECK(value(r, "dense_saved_last") == 1024 * 1024);
  CHECK(value(r, "peak_ratio") > 10);
  CHECK(r.plot("saved")->series[0].slope == doctest::Approx(2).epsilon(1e-9));
  CHECK(r.plot("saved")->series[1].slope == doctest::Approx(1).epsilon(1e-9));
  CHECK(r.plot("working")->series[1].slope ==
        doctest::Approx(0).epsilon(0.2));  // one set of tiles at every N
}

TEST_CASE(
    "flash tiling P1: the printed inverse is off by more than 1, at eight times the scores by more than "
    "1e4") {
  for (int seed = 1; seed <= 5; ++seed) {
    const Result r = run("bug_rescale", text("seq_len=256 block_n=32 seed=", seed));
    CHECK(value(r, "unit") > 1);
    CHECK(value(r, "eight") > 1e4);
    CHECK(value(r, "right_unit") <= 5e-6);
    CHECK(value(r, "right_eight") <= 5e-6);
  }
}

TEST_CASE("flash tiling P2: both printed merges fail at the first tile that rescales") {
  const Result r = run("bug_merge", "seq_len=200 block_n=64");
  CHECK(r.passed());
  CHECK(r.check("pass_printed_normalised")->value == 2);
  CHECK(r.check("pass_printed_accumulator")->value == 2);
  CHECK(r.check("pass_right")->value == 0);
  CHECK(value(r, "error_printed_normalised") > 0.1);
  CHECK(value(r, "error_printed_accumulator") > 0.1);
}

TEST_CASE(
    "flash tiling P3: the printed causal test leaks every pair above the diagonal tiles; D in R^d is silent "
    "at N = d") {
  const Result r = run("bug_mask", "seq_len=256 block_n=64");
  CHECK(r.passed());
  CHECK(value(r, "leaks") == 6 * 64 * 64);
  CHECK(value(r, "error_right") <= 5e-6);
  CHECK(value(r, "error_printed") > 0.1);
  CHECK(value(r, "shape_error") > 0.1);
}

TEST_CASE("flash tiling P3: the causal test on single tiles, bottom-right aligned") {
  CHECK(use_of(CausalTest::greater, 4, 8, 0, 4, 0) == TileUse::full);
  CHECK(use_of(CausalTest::greater, 4, 8, 4, 8, 0) == TileUse::masked);
  CHECK(use_of(CausalTest::greater, 0, 4, 4, 8, 0) == TileUse::skipped);
  CHECK(use_of(CausalTest::greater, 0, 1, 0, 8, 7) == TileUse::full);  // one query at the end of eight keys
  CHECK(use_of(CausalTest::printed_less, 0, 4, 4, 8, 0) == TileUse::full);
}

TEST_CASE(
    "flash tiling: after every tile the state is the dense softmax over the keys seen, in both orders") {
  for (const char* input :
       {"normal", "large_logits", "ascending", "descending", "spike", "masked_row", "correlated_keys"}) {
    for (const char* settings : {"loop_order=fa1", "loop_order=fa2 causal=true",
                                 "seq_len=37 block_m=8 block_n=16 loop_order=fa1 causal=true"}) {
      const Result r = run("tiles", settings, input);
      CHECK(r.check("pass_prefix")->value <= 5e-6);
      CHECK(r.check("pass_prefix_logsumexp")->value <= 5e-6);
      CHECK(r.check("pass_tiled_error")->value <= 5e-6);
    }
  }
}

TEST_CASE("flash tiling: the stepper shows every tile once, skips the future, and m only rises") {
  const Result r = run("tiles", "seq_len=64 block_m=16 block_n=16 causal=true watched_row=63");
  const Stepper* s = r.stepper("tiles");
  REQUIRE(s != nullptr);
  CHECK(s->rows == 4);
  CHECK(s->cols == 4);
  int computed = 0, skipped = 0, rescaled = 0;
  double m = -std::numeric_limits<double>::infinity(), traffic = 0;
  for (const Frame& f : s->frames) {
    computed += f.kind == Frame::compute ? 1 : 0;
    skipped += f.kind == Frame::skip ? 1 : 0;
    rescaled += f.kind == Frame::rescale ? 1 : 0;
    CHECK((f.kind != Frame::skip || f.col > f.row));
    CHECK(f.values[0] >= m);
    CHECK(f.values[2] <= 1);
    CHECK(f.values[4] >= traffic);
    m = f.values[0];
    traffic = f.values[4];
  }
  CHECK(computed == 10);
  CHECK(skipped == 6);
  CHECK(rescaled > 0);
  CHECK(traffic == value(r, "traffic"));
}

TEST_CASE("flash tiling: without rising maxima there is no rescale frame") {
  const Result r = run("tiles", "seq_len=64", "descending");
  for (const Frame& f : r.stepper("tiles")->frames) {
    CHECK(f.kind != Frame::rescale);
  }
}

TEST_CASE("flash tiling: the lab's tile loop gives the reference's numbers and counts, in both orders") {
  const Drawn x = drawn(70, 16);
  for (const auto& [bm, bn] : {std::pair{16, 16}, std::pair{7, 32}, std::pair{70, 1}, std::pair{128, 128}}) {
    for (const bool causal : {false, true}) {
      FlashCounters one, two;
      const auto want1 = flash_attention_fa1(x.in.query, x.in.key, x.in.value, options(bm, bn, causal, &one));
      const auto want2 = flash_attention_fa2(x.in.query, x.in.key, x.in.value, options(bm, bn, causal, &two));
      const auto got1 = run_tiles<float>(x.problem(bm, bn, LoopOrder::fa1, causal));
      const auto got2 = run_tiles<float>(x.problem(bm, bn, LoopOrder::fa2, causal));
      CHECK(relative(got1.o, want1.output) <= 5e-6);
      CHECK(relative(got2.o, want2.output) <= 5e-6);
      CHECK(got2.counters.loads == two.accesses.loads);
      CHECK(got2.counters.stores == two.accesses.stores);
      CHECK(got2.counters.tiles_computed() == two.tiles_computed);
      CHECK(got2.counters.divisions == two.divisions);
      if (!causal) {  // the reference's FA-1 computes every tile, as printed; the lab's skips the future
        CHECK(got1.counters.loads == one.accesses.loads);
        CHECK(got1.counters.stores == one.accesses.stores);
        CHECK(got1.counters.divisions == one.divisions);
      }
    }
  }
}

TEST_CASE(
    "flash tiling: counting without computing gives the counts of the computing run, and the papers' "
    "formulas") {
  const Drawn x = drawn(96, 16);
  for (const LoopOrder order : {LoopOrder::fa1, LoopOrder::fa2}) {
    TileProblem p = x.problem(16, 32, order);
    const Counters computed = run_tiles<float>(p).counters;
    p.arithmetic = false;
    const Counters walked = run_tiles<float>(p).counters;
    CHECK(walked.loads == computed.loads);
    CHECK(walked.stores == computed.stores);
    CHECK(walked.matmul_flops == computed.matmul_flops);
    CHECK(walked.divisions == computed.divisions);
    const Accesses formula = order == LoopOrder::fa1 ? fa1_forward_accesses(96, 16, {16, 32})
                                                     : fa2_forward_accesses(96, 16, {16, 32}, false);
    CHECK(walked.loads == formula.loads);
    CHECK(walked.stores == formula.stores);
  }
}

TEST_CASE(
    "flash tiling S-28 C: block-sparse accesses are affine in s, and the output is dense attention under "
    "that mask") {
  for (const char* settings : {"", "seq_len=2048 head_dim=32 tiles=32", "tiles=8 density=0.1 seed=5"}) {
    const Result r = run("sparse", settings);
    CHECK(value(r, "r2") > 0.999);
    CHECK(value(r, "error") <= 5e-6);
  }
  CHECK(value(run("sparse"), "floor") == doctest::Approx(2 * 1024 * 64));
}

TEST_CASE("flash tiling S-29: 8 against 1024 blocks, T_c d against d divisions, B_r FLOP per byte") {
  const Result r = run("fa2", "batch=1 heads=8 seq_len=16384 block_m=128 head_dim=64");
  CHECK(r.passed());
  CHECK(value(r, "blocks_fa1") == 8);
  CHECK(value(r, "blocks_fa2") == 1024);
  CHECK(value(r, "divisions_fa1") == 8 * 64);
  CHECK(value(r, "divisions_fa2") == 64);
  CHECK(value(r, "intensity_fa2") == doctest::Approx(62).epsilon(0.01));
  CHECK(value(r, "equal") <= 5e-6);
}

TEST_CASE("flash tiling S-42: 18 passes unfused, 11 bare, 0 fused; a partial fusion lies between") {
  const char* none =
      "fuse_scores=false fuse_mask=false fuse_softmax=false fuse_dropout=false fuse_values=false";
  const char* all = "fuse_scores=true fuse_mask=true fuse_softmax=true fuse_dropout=true fuse_values=true";
  CHECK(value(run("fusion", none), "yours") == 18);
  CHECK(value(run("fusion", text(none, " mask_pass=false dropout_pass=false")), "yours") == 11);
  CHECK(value(run("fusion", all), "yours") == 0);
  CHECK(value(run("fusion", text(all, " mask_pass=false dropout_pass=false")), "yours") == 0);
  CHECK(value(run("fusion"), "yours") == 13);
  const double one_pair = value(run("fusion", text(none, " fuse_scores=true fuse_mask=true")), "yours");
  CHECK(one_pair == 16);  // S between the product and the mask stays on chip
}

TEST_CASE("flash tiling: the attention map carries tokens or positions, and scores behind the weights") {
  const Result r = run("attention", "seq_len=12 causal=true");
  const Heatmap* map = r.heatmap("attention");
  REQUIRE(map != nullptr);
  CHECK(map->rows == 12);
  CHECK(map->detail.size() == 144);
  CHECK(map->row_labels.size() == 12);
  CHECK(std::isnan(map->values[1]));  // query 0 does not see key 1
  CHECK(map->values[0] == 1);
}

TEST_CASE("flash tiling: time and memory against N come with slopes, and times never gate") {
  const Result r = run("scaling", "max_len=256");
  for (const Check& check : r.checks) {
    CHECK(check.lamp);
  }
  CHECK(r.plot("time")->series[0].provenance.kind == Provenance::measured);
  CHECK(std::isfinite(r.plot("time")->series[0].slope));
  CHECK(r.plot("memory")->series[0].provenance.kind == Provenance::modelled);
}

TEST_CASE("flash tiling: forward and backward ladders run side by side") {
  for (const char* settings : {"pass=forward seq_len=33 causal=true", "pass=backward seq_len=33"}) {
    const Result r = run("backends", settings);
    CHECK(r.passed());
    CHECK(r.table("backends") != nullptr);
    CHECK(!r.checks.empty());
  }
}
