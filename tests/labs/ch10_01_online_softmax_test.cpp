// Lab "Online softmax": the passes of its walk-through with the numbers of the curriculum, and its own small
// parts. SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "labs/ch10_01_online_softmax/experiments.hpp"
#include "labs/ch10_01_online_softmax/forms.hpp"
#include "labs/ch10_01_online_softmax/row_input.hpp"
#include "labs/common/attention_view.hpp"
#include "reference/model/input_sources.hpp"
#include "reference/online_softmax.hpp"
#include "tests/labs/walk.hpp"

using namespace alab;
using namespace alab::ch10_01;

namespace {

const Lab& lab() {
  return *find_lab("ch10_01_online_softmax");
}

Result run(std::string_view experiment, std::string_view settings = "", std::string_view input = "normal") {
  const Experiment& e = walk::experiment_of(lab(), experiment);
  return walk::run(lab(), e, walk::settings(e, settings), walk::source(input));
}

double value(const Result& result, std::string_view scalar) {
  const Scalar* found = result.scalar(scalar);
  require(found != nullptr, "no scalar '", scalar, "'");
  return found->value;
}

const std::vector<double>& ys(const Result& result, std::string_view plot, std::string_view series) {
  for (const Series& s : result.plot(plot)->series) {
    if (s.key == series) {
      return s.ys;
    }
  }
  throw Error(text("no series '", series, "'"));
}

std::vector<float> row_of(std::string_view name, std::int64_t cols, std::uint64_t seed = 42) {
  const Tensor<float> row = synthetic_rows(name, 1, cols, seed);
  return {row.span().begin(), row.span().end()};
}

}  // namespace

TEST_CASE("step 1: exp overflows at 88.7228 in fp32 and 11.0899 in fp16, to 0.01") {
  const Result result = run("thresholds");
  CHECK(std::abs(value(result, "overflow_fp32") - 128 * std::numbers::ln2) <= 0.01);
  CHECK(std::abs(value(result, "overflow_fp16") - std::log(65520.0)) <= 0.01);
  CHECK(value(result, "overflow_fp16") == 11.09375);  // the fp16 number next to the limit
  const Table& formats = *result.table("formats");
  CHECK(formats.rows[0][1].value == 3.4028234663852886e38);
  CHECK(formats.rows[2][1].value == 65504);
  CHECK(formats.rows[0][3].value == doctest::Approx(-150 * std::numbers::ln2).epsilon(1e-3).scale(0));
  CHECK(formats.rows[2][3].value == doctest::Approx(-25 * std::numbers::ln2).epsilon(1e-3).scale(0));
}

TEST_CASE("step 1: the emulated fp16 curve ends where fp16 ends, the fp32 curve where fp32 ends") {
  const Result result = run("thresholds", "span=100");
  const auto& xs = result.plot("exp_range")->series[0].xs;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    const double half = ys(result, "exp_range", "exp_fp16")[i];
    const double single = ys(result, "exp_range", "exp_fp32")[i];
    CHECK(std::isinf(half) == (xs[i] > 11.0899));
    CHECK((half == 0) == (xs[i] < -17.33));
    CHECK(std::isinf(single) == (xs[i] > 88.7228));
    CHECK(single > 0);
  }
}

TEST_CASE(
    "step 2: naive gives zeros from 88.72 - LSE(x), is non-finite from 88.72 - max x; the others hold T32") {
  for (const int seed : {42, 1, 2, 3}) {
    const Result result = run("offset_sweep", text("cols=1000 seed=", seed));
    const std::vector<float> row = row_of("normal", 1000, static_cast<std::uint64_t>(seed));
    const double top = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const float x : row) {
      sum += std::exp(static_cast<double>(x));
    }
    CHECK(std::abs(value(result, "first_zero") - (88.7228 - std::log(sum))) <= 0.25);
    CHECK(std::abs(value(result, "first_non_finite") - (88.7228 - top)) <= 0.25);
    CHECK(std::abs(value(result, "first_zero") - 81.5) <= 0.5);
    CHECK(value(result, "safe_error") <= 5e-6);
    CHECK(value(result, "online_error") <= 5e-6);
    CHECK(value(result, "rounding_error") > value(result, "online_error"));
  }
}

TEST_CASE("step 2: between the two limits every naive weight is exactly 0, beyond them NaN appears") {
  const std::vector<float> row = row_of("normal", 1000);
  const auto naive = [&](float offset) {
    std::vector<float> x(row), y(row.size());
    for (float& v : x) {
      v += offset;
    }
    naive_softmax<float>(PlainRow<float>{x.data()}, PlainRow<float>{y.data()}, 1000);
    return y;
  };
  const auto zeros = naive(83);
  CHECK(std::all_of(zeros.begin(), zeros.end(), [](float y) { return y == 0; }));
  const auto nans = naive(88);
  CHECK(std::any_of(nans.begin(), nans.end(), [](float y) { return std::isnan(y); }));
}

TEST_CASE("step 2: large scores lower the limits, a fully masked row has none") {
  CHECK(value(run("offset_sweep", "", "large_logits"), "first_zero") < 40);
  const Result masked = run("offset_sweep", "", "masked_row");
  CHECK(masked.scalar("first_zero") == nullptr);
  CHECK(masked.check("zero_at_lse") == nullptr);
  CHECK(masked.passed());
}

TEST_CASE("the forms of the lab are the reference's, bit by bit") {
  for (const std::string_view name : {"normal", "ascending", "spike", "large_logits", "masked_row"}) {
    CAPTURE(name);
    std::vector<float> x = row_of(name, 777);
    const Tensor<float> rows({1, 777}, x);
    std::vector<float> y(x.size());
    const PlainRow<float> in{x.data()}, out{y.data()};
    const NormalizerPart<float> part = online_softmax<float>(in, out, 777);
    const SoftmaxRows<float> online = softmax_online(rows);
    CHECK(part.m == online.m[0]);
    CHECK(part.d == online.d[0]);
    CHECK(std::equal(y.begin(), y.end(), online.y.span().begin()));
    safe_softmax<float>(in, out, 777);
    const SoftmaxRows<float> safe = softmax_safe(rows);
    CHECK(std::equal(y.begin(), y.end(), safe.y.span().begin()));
    const TopK<float> top = softmax_topk_fused(rows, 5);
    const Winners<float> winners = online_topk<float>(in, 777, 5);
    for (std::int64_t k = 0; name != "masked_row" && k < 5; ++k) {
      CHECK(winners.index[static_cast<std::size_t>(k)] == top.z(0, k));
      CHECK(winners.value[static_cast<std::size_t>(k)] == top.v(0, k));
    }
  }
}

TEST_CASE("step 3: exactly 3, 4, 3, 5 and 1 accesses per element, at every length") {
  for (const std::string_view settings : {"cols=8 top_k=16", "cols=1000", "cols=25000 top_k=1"}) {
    const Result result = run("accesses", settings);
    CHECK(value(result, "per_element_naive") == 3);
    CHECK(value(result, "per_element_safe") == 4);
    CHECK(value(result, "per_element_online") == 3);
    CHECK(value(result, "per_element_separate") == 5);
    CHECK(value(result, "per_element_fused") == 1);
    CHECK(result.passed());
  }
}

TEST_CASE("the counters count: a form that reads once more shows one more") {
  std::vector<float> x(10, 1.0F), y(10);
  Accesses loads, stores;
  const CountedRow<float> in{x.data(), &loads}, out{y.data(), &stores};
  naive_softmax<float>(in, out, 10);
  CHECK(loads.loads == 20);
  CHECK(stores.stores == 10);
  CHECK(in.load(0) == 1.0F);
  CHECK(loads.loads == 21);
}

TEST_CASE("fused top-k breaks ties by the lower index and leaves surplus slots empty") {
  std::vector<float> x{1, 3, 3, 2, 3};
  const Winners<float> three = online_topk<float>(PlainRow<float>{x.data()}, 5, 4);
  CHECK(three.index[0] == 1);
  CHECK(three.index[1] == 2);
  CHECK(three.index[2] == 4);
  CHECK(three.index[3] == 3);
  const Winners<float> more = online_topk<float>(PlainRow<float>{x.data()}, 2, 4);
  CHECK(more.index[2] == -1);
  CHECK(more.value[2] == 0);
  CHECK_THROWS_AS(Winners<float>(17), Error);
}

TEST_CASE("step 4: modelled safe over online is 4/3, separate over fused nears 5") {
  const Result result = run("speed", "cols=25000 top_k=5");
  CHECK(value(result, "modelled_ratio") == doctest::Approx(4.0 / 3).epsilon(1e-12));
  CHECK(value(result, "modelled_fused") == doctest::Approx((5 * 25000 + 10) / (25000 + 10.0)).epsilon(1e-12));
  CHECK(value(result, "modelled_time") == doctest::Approx(4 * 3 * 25000 / 0.9e12).epsilon(1e-12));
  for (const std::string_view timed : {"ratio_cpu", "fused_cpu", "slope_cpu"}) {
    CHECK(result.check(timed)->lamp);
  }
  for (const Series& s : result.plot("modelled")->series) {
    CHECK(s.slope == doctest::Approx(1).epsilon(0.02));
  }
}

TEST_CASE("step 5: m is identical, trees within 1e-6 at V = 1e5, the chain within T32 at V = 4096") {
  for (const std::string_view scores : {"normal", "uniform"}) {
    for (const int seed : {42, 7}) {
      const Result result = run("merge_trees", text("leaves=100000 trees=8 scores=", scores, " seed=", seed));
      CHECK(value(result, "maxima_moved") == 0);
      CHECK(value(result, "tree_error") <= 1e-6);
      CHECK(value(result, "chain_error_4096") <= 5e-6);
    }
  }
  CHECK(value(run("merge_trees", "scores=uniform"), "chain_error") == doctest::Approx(1.1e-4).epsilon(0.2));
}

TEST_CASE("step 6: 1 <= d_j <= j at every j, and equal scores reach the upper bound") {
  for (const InputSource& input : synthetic_inputs()) {
    CAPTURE(input.name);
    CHECK(value(run("invariant", "cols=25000", input.name), "violations") == 0);
  }
  const std::vector<float> equal(4096, 2.5F);
  CHECK(reduce_sequential<float>(equal).d == 4096);
  CHECK(value(run("invariant", "cols=4096"), "half_spacing") == 4);
}

TEST_CASE("step 7: no NaN from the guarded merge, a masked row gives 0, the printed formula gives NaN") {
  for (const std::string_view settings : {"masked=0", "masked=1", "masked=48"}) {
    const Result result = run("neutral_element", text("cols=48 ", settings));
    CHECK(result.passed());
    CHECK(value(result, "masked_output") == 0);
    CHECK(value(result, "printed_nan") == 1);
    for (const double d : ys(result, "masked_prefix", "guarded")) {
      CHECK(std::isfinite(d));
    }
  }
  CHECK(std::isnan(ys(run("neutral_element", "masked=1"), "masked_prefix", "printed").back()));
  CHECK(std::isfinite(ys(run("neutral_element", "masked=0"), "masked_prefix", "printed").back()));
}

TEST_CASE("step 8: after every tile o/d is the dense attention over the keys so far, to T32") {
  for (const InputSource& input : synthetic_inputs()) {
    for (const std::string_view tile : {"1", "8", "7", "256"}) {
      CAPTURE(input.name);
      const Result result = run("attention_row", text("cols=48 block_n=", tile), input.name);
      CHECK(value(result, "worst_error") <= 5e-6);
      CHECK(value(result, "state_size") == 66);
    }
  }
  CHECK(value(run("attention_row", "cols=48 block_n=8", "ascending"), "rescales") == 5);
  CHECK(value(run("attention_row", "cols=48 block_n=8", "descending"), "rescales") == 0);
}

TEST_CASE("step 8: a query that may see no key ends at (-inf, 0, 0) with output 0") {
  const Result result = run("attention_row", "cols=48 query=24 block_n=8", "masked_row");
  CHECK(result.passed());
  const Stepper& tiles = *result.stepper("tiles");
  CHECK(std::isinf(tiles.frames.back().values[0]));
  CHECK(tiles.frames.back().values[1] == 0);
  CHECK(tiles.frames.front().kind == Frame::skip);
}

TEST_CASE("the stepper's last state is the row's m and d, and it rescales at every rise but the first") {
  const Result result = run("step_through", "cols=48");
  const Stepper& steps = *result.stepper("steps");
  REQUIRE(steps.frames.size() == 49);
  const std::vector<float> row = row_of("normal", 48);
  const NormalizerPart<double> truth = reduce_sequential<double>(in_double(row));
  CHECK(steps.frames.back().values[1] == doctest::Approx(truth.m));
  CHECK(steps.frames.back().values[2] == doctest::Approx(truth.d).epsilon(5e-6));
  const auto rescales = std::count_if(steps.frames.begin(), steps.frames.end(),
                                      [](const Frame& f) { return f.kind == Frame::rescale; });
  CHECK(static_cast<double>(rescales) == value(result, "rises") - 1);
  CHECK(value(run("step_through", "cols=48", "ascending"), "rises") == 48);
  CHECK(value(run("step_through", "cols=48", "descending"), "rises") == 1);
  const Result masked = run("step_through", "cols=48", "masked_row");
  for (const Frame& frame : masked.stepper("steps")->frames) {
    CHECK((frame.kind == Frame::skip || frame.kind == Frame::finish));
  }
}

TEST_CASE("each bug is seen by its own input and hidden from a friendly one") {
  const auto error = [](std::string_view bug, std::string_view order) {
    return value(run("bug_hunt", text("bug=", bug, " order=", order)), "error_here");
  };
  CHECK(error("stale_max", "ascending") > 0.3);
  CHECK(error("stale_max", "spike") > 0.3);
  CHECK(error("stale_max", "descending") <= 5e-6);
  CHECK(error("sums_without_rescale", "ascending") > 0.3);
  CHECK(error("sums_without_rescale", "constant") <= 5e-6);
  CHECK(std::isnan(error("no_guard", "masked_tile")));
  CHECK(error("no_guard", "ascending") <= 5e-6);
  CHECK(error("normalised_parts", "spike") > 0.3);
  CHECK(error("fa2_as_printed", "normal") > 1);
}

TEST_CASE("P2: the printed line fails at the first tile that rescales, the right one nowhere") {
  for (const std::string_view order : kOrders) {
    CAPTURE(order);
    const Result result = run("bug_hunt", text("bug=fa2_as_printed order=", order));
    const auto& wrong = ys(result, "growth", "wrong");
    CHECK((order == "masked_tile" ? wrong[2] : wrong[1]) > 5e-6);
    for (const double e : ys(result, "growth", "right")) {
      CHECK(e <= 5e-6);
    }
  }
}

TEST_CASE("the table of backends judges every simulated rung of both ops and explains a missing GPU") {
  for (const std::string_view op : {"softmax_rows", "softmax_topk"}) {
    const Result result = run("backends", text("op=", op));
    const std::size_t rungs = rungs_of(op, executor_rungs()).size();
    REQUIRE(rungs > 0);
    CHECK(result.checks.size() == rungs);
    CHECK(result.table("backends")->rows.size() == rungs + 1);
    CHECK(result.passed());
  }
  const Experiment& experiment = walk::experiment_of(lab(), "backends");
  const Progress progress;
  const Result all =
      run_experiment(lab(), experiment, ParamSet(experiment.params), {walk::source(), progress, false, true});
  const auto& last = all.table("backends")->rows.back();
  CHECK(last[0].text == "cuda");
  CHECK((cuda_device().usable || last[2].text == cuda_device().unavailable));
}

TEST_CASE("the naive rung is refused with its reason when the offset would overflow it") {
  const Result result = run("backends", "offset=100");
  const auto& rows = result.table("backends")->rows;
  CHECK(rows[1][2].text.find("overflow") != std::string::npos);
  CHECK(result.passed());
}

TEST_CASE("a real head gives its row with token labels, its map, and the same softmax") {
  const InputSource input = resolve_input("smollm2:L17H5");
  if (!input.unavailable.empty()) {
    std::printf("  left out: %s\n", input.unavailable.c_str());
    return;
  }
  const Experiment& experiment = walk::experiment_of(lab(), "step_through");
  const Result result = walk::run(lab(), experiment, walk::settings(experiment, "cols=64 query=10"), input);
  CHECK(result.passed());
  const Stepper& steps = *result.stepper("steps");
  CHECK(steps.cols == 11);
  CHECK(steps.col_names.size() == 11);
  const Heatmap* map = result.heatmap("attention_map");
  REQUIRE(map != nullptr);
  const AttentionInput head = input.make({1, 64, 64, 64, 42}, {});
  const std::vector<double> weights = true_softmax(score_row(head, 0, 10));
  for (std::size_t j = 0; j < weights.size(); ++j) {
    CHECK(map->values[10 * static_cast<std::size_t>(map->cols) + j] ==
          doctest::Approx(weights[j]).epsilon(1e-4));
  }
}
