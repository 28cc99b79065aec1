// Lab "GLA chunking": the passes of its walk-through with the numbers of the curriculum, and its own small
// parts. SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/profile_rung.hpp"
#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/five_forms.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/ch06_01_gla_chunking/wrong_forms.hpp"
#include "reference/model/input_sources.hpp"
#include "tests/labs/walk.hpp"

using namespace alab;
using namespace alab::gla_chunking;

namespace {

const Lab& lab() {
  return *find_lab("ch06_01_gla_chunking");
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

GatedHead head_with(double low, double high, std::uint64_t seed, std::int64_t tokens = 512) {
  GatedHead head = normal_head(tokens, 16, seed);
  head.problem.log_decay = uniform_log_decay<float>({1, tokens, 16}, low, high, seed + 7);
  return head;
}

}  // namespace

TEST_CASE("step 1: gate 0.9, N = 1024, fp32: the naive form gives NaN, the recurrence T32") {
  const Result result = run("naive", "alpha=0.9 seq_len=1024");
  CHECK(value(result, "b_exact") == doctest::Approx(1.4e-47).epsilon(0.02).scale(0));
  CHECK(std::isnan(value(result, "error_naive")));
  CHECK(value(result, "nan_rows") > 0);
  CHECK(value(result, "error_recurrent") <= 5e-6);
  CHECK(value(result, "first_infinite") == 843);
  CHECK(value(result, "first_lost") <= 842);
  CHECK(result.passed());
}

TEST_CASE("step 1: the first lost row is the token of the first infinite k / b, and the cell is shown") {
  for (const std::string_view alpha : {"0.5", "0.8", "0.9"}) {
    CAPTURE(alpha);
    const Result result = run("naive", text("alpha=", alpha));
    const Table& where = *result.table("where");
    REQUIRE(where.rows.size() == 2);
    CHECK(where.rows[1][1].value == value(result, "first_lost"));
    CHECK(std::isfinite(where.rows[0][6].value));
    CHECK(std::isinf(where.rows[1][6].value));
    CHECK(where.rows[1][3].value == doctest::Approx(-88).epsilon(0.05));
    const std::vector<double>& rows = ys(result, "rows", "naive");
    const auto first = static_cast<std::size_t>(value(result, "first_lost"));
    CHECK(std::isfinite(rows[first - 1]));
    CHECK(std::isnan(rows[first]));
  }
  CHECK(run("naive", "alpha=0.99").table("where")->rows.empty());
}

TEST_CASE("step 1: a mask by multiplication loses the first row as well") {
  CHECK(value(run("naive", "alpha=0.9 mask=product"), "first_lost") == 0);
  CHECK(value(run("naive", "alpha=0.99 mask=product"), "first_lost") == -1);
}

TEST_CASE("step 1: digits fade before anything is lost") {
  const Result result = run("naive", "alpha=0.9 seq_len=1024");
  const std::vector<double>& naive = ys(result, "rows", "naive");
  const auto first = static_cast<std::size_t>(value(result, "first_lost"));
  CHECK(*std::max_element(naive.begin(), naive.begin() + 400) <= 5e-5);  // of its own row, however small
  CHECK(ys(result, "rows", "recurrent")[first - 1] <= 5e-6);
}

TEST_CASE("step 2: the NaN pattern of five forms over three ranges, several seeds") {
  for (const int seed : {42, 1, 2, 3}) {
    CAPTURE(seed);
    const Result result = run("forms", text("seed=", seed, " alpha_low=0.95 alpha_high=0.999"));
    for (const std::string_view check : {"pattern_mild", "pattern_medium", "pattern_strong"}) {
      CAPTURE(check);
      CHECK(result.check(check)->value == 0);
    }
    CHECK(value(result, "error_two_level") <= 5e-6);
    CHECK(value(result, "error_log") <= 5e-5);
    CHECK(value(result, "broken_forms") == 0);
    CHECK(value(result, "one_level_nan") + value(result, "one_level_inf") < 60);
  }
}

TEST_CASE("step 2: exactly these forms are finite, value by value") {
  const FormSizes sizes{64, 16};
  const std::array<std::array<bool, 5>, 3> finite{
      {{true, true, true, true, true}, {true, false, true, true, true}, {true, false, true, false, true}}};
  const std::array<std::pair<double, double>, 3> ranges{{{0.95, 0.999}, {0.5, 0.9}, {0.1, 0.5}}};
  for (std::size_t r = 0; r < ranges.size(); ++r) {
    const GatedHead head = head_with(ranges[r].first, ranges[r].second, 42);
    const std::vector<JudgedForm> forms = run_all_forms(head.problem, sizes, {}, {});
    for (std::size_t f = 0; f < forms.size(); ++f) {
      CAPTURE(kFormNames[f]);
      const auto values = forms[f].output.span();
      const bool all = std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
      CHECK(all == finite[r][f]);
      CHECK(all == (forms[f].rows.broken() == 0));
      CHECK(std::isnan(forms[f].error) != all);
    }
    CHECK(forms[0].error <= 5e-6);
    CHECK(forms[4].error <= 5e-6);
    CHECK(forms[2].error <= 5e-5);
  }
}

TEST_CASE("step 2: a multiplied mask loses more than 250 rows of the one-level chunk, a selected one a few") {
  const GatedHead head = head_with(0.1, 0.5, 42);
  GatedOptions product;
  product.mask = MaskBy::product;
  const RowCounts multiplied = count_rows(run_form(3, head.problem, {64, 16}, product, {}));
  const RowCounts selected = count_rows(run_form(3, head.problem, {64, 16}, {}, {}));
  CHECK(multiplied.nan_rows > 64);
  CHECK(selected.broken() >= 1);
  CHECK(selected.broken() < 60);
  CHECK(multiplied.broken() > 4 * selected.broken());
}

TEST_CASE("step 3: the first overflow in emulated fp16 is at C = 106 for 0.9 and 16 for 0.5") {
  const Result result = run("chunk_limit", "alpha=0.9");
  CHECK(value(result, "first_nine") == 106);
  CHECK(value(result, "first_half") == 16);
  CHECK(value(result, "safe_fp16") == 105);
  CHECK(value(result, "narrow_nine") == 107);
  CHECK(value(result, "bf16_tenth") == 38);
  CHECK(value(result, "safe_fp32") == 842);
  CHECK(value(run("chunk_limit", "alpha=0.5"), "safe_fp16") == 15);
  CHECK(result.passed());
}

TEST_CASE("step 4: 26.2 % of the pairs need log space for 64 / 16, (c + 1)/(C + 1) for all that divide") {
  const Result result = run("pairs", "chunk_size=64 sub_chunk_size=16");
  CHECK(value(result, "share") == doctest::Approx(26.2).epsilon(0.002));
  CHECK(value(result, "share") == 100 * (17.0 / 65));
  for (const auto& [chunk, sub] : {std::pair{128, 16}, {64, 1}, {64, 64}, {32, 8}}) {
    const Result one = run("pairs", text("chunk_size=", chunk, " sub_chunk_size=", sub));
    CHECK(one.check("share_formula")->value == (sub + 1.0) / (chunk + 1.0));
    CHECK(one.passed());
  }
  const Heatmap& map = *result.heatmap("pairs");
  const auto count = [&](float kind) { return std::count(map.values.begin(), map.values.end(), kind); };
  CHECK(count(1) == 4 * 136);
  CHECK(count(1) + count(2) == 64 * 65 / 2);
}

TEST_CASE("step 5: the closed form of the gate gradient is within 1e-6 of finite differences") {
  for (const std::string_view settings :
       {"", "seed=7 gates=sigmoid", "alpha_low=0.05 alpha_high=0.2",
        "gates=channels alpha_low=0.2 alpha_high=1", "seq_len=4 head_dim=2"}) {
    CAPTURE(settings);
    const Result result = run("gate_gradient", settings);
    CHECK(value(result, "error") <= 1e-6);
    CHECK(value(result, "error_forward") > 1e-2);
    CHECK(value(result, "error_no_keys") > 1e-2);
  }
}

TEST_CASE("step 6: x = 0, tau = 16 gives alpha = 0.9576 and a half-life of 16 steps") {
  const Result result = run("half_life", "x=0 temperature=16");
  CHECK(value(result, "life") == doctest::Approx(16).epsilon(1e-12));
  CHECK(value(result, "alpha") == doctest::Approx(0.9576).epsilon(1e-5));
  CHECK(value(run("half_life", "x=0 temperature=32"), "life") == doctest::Approx(32).epsilon(1e-12));
  CHECK(value(run("half_life", "x=2 temperature=1"), "life") ==
        doctest::Approx(std::log(2.0) / std::log1p(std::exp(-2.0))).epsilon(1e-9));
}

TEST_CASE("step 7: scalar-gate forms hold T32 where the naive vector form breaks") {
  for (const std::string_view settings :
       {"alpha_low=0.1 alpha_high=0.5", "alpha_low=0.01 alpha_high=0.1", ""}) {
    const Result result = run("scalar_gate", settings);
    CHECK(result.check("scalar_t32")->value <= 5e-6);
    CHECK(value(result, "naive_rows") > 0);
    CHECK(value(result, "mask_vector") == 16 * value(result, "mask_numbers"));
  }
}

TEST_CASE("P8: at N = 2048 and mean |log a| = 1 the difference fails T32 and the segment sum holds it") {
  for (const int seed : {42, 5}) {
    const Result result = run("segment_sum", text("seed=", seed));
    CHECK(value(result, "error_difference") > 5e-6);
    CHECK(value(result, "error_difference") < 1e-4);
    CHECK(value(result, "error_segment") <= 1e-6);
  }
}

TEST_CASE(
    "P10: without the decay to the chunk's end the fastest head errs by half, the slowest by a hundredth") {
  const Result result = run("bug_gamma", "form=missing_gamma chunk_size=64");
  CHECK(value(result, "error_fast") == doctest::Approx(0.57).epsilon(0.35));
  CHECK(value(result, "error_slow") == doctest::Approx(8e-3).epsilon(0.5));
  CHECK(result.passed());
  CHECK(value(run("bug_gamma", "form=with_gamma"), "error_fast") <= 5e-6);
}

TEST_CASE(
    "microscope: forms that divide by b are lost at the token that gates and keys predict, in each format") {
  for (const std::string_view alpha : {"0.3", "0.6", "0.9"}) {
    CAPTURE(alpha);
    const Result result = run("microscope", text("alpha=", alpha, " seq_len=256 format=fp16"));
    CHECK(result.passed());
    const double fp16 = value(result, "naive_fp16_lost"), bf16 = value(result, "naive_bf16_lost");
    const double fp32 = value(result, "naive_fp32_lost");
    const double step = -std::log(std::stod(std::string(alpha)));
    CHECK(std::abs(fp16 - (11.09 / step - 1)) <= 2 + 1.5 / step);
    if (alpha != "0.9") {
      CHECK(std::abs(bf16 - fp32) <= 1);
      CHECK(std::abs(fp32 - (88.72 / step - 1)) <= 2 + 1.5 / step);
    } else {
      CHECK(fp32 == -1);
    }
    CHECK(value(result, "error_two_fp32") <= 5e-6);
    CHECK(value(result, "error_two_fp16") <= 2e-3);
    CHECK(value(result, "error_two_bf16") <= 2e-2);
  }
}

TEST_CASE("microscope: narrow cumulative logs cost digits that narrow operands keep") {
  const double operands = value(run("microscope", "alpha=0.9 narrow=operands"), "error_two_fp16");
  const double logs = value(run("microscope", "alpha=0.9 narrow=operands_and_logs"), "error_two_fp16");
  const double state = value(run("microscope", "alpha=0.99 narrow=operands_and_state"), "error_two_fp16");
  CHECK(logs > operands);
  CHECK(state >= value(run("microscope", "alpha=0.99 narrow=operands"), "error_two_fp16"));
}

TEST_CASE("state view: the state is the recurrence's, gates keep its norm and rank down") {
  const Result gated = run("state", "alpha_low=0.5 alpha_high=0.9");
  CHECK(gated.passed());
  CHECK(value(gated, "norm_gated") < value(gated, "norm_open") / 2);
  CHECK(value(gated, "rank_gated") < value(gated, "rank_open"));
  const Stepper& played = *gated.stepper("state");
  CHECK(played.frames.size() == 96);
  CHECK(played.frames.back().values[0] == doctest::Approx(value(gated, "norm_gated")));
  const Result open = run("state", "gated=false");
  CHECK(open.stepper("state")->frames.back().values[0] == doctest::Approx(value(open, "norm_open")));
  const Result channels = run("state", "gates=channels alpha_low=0.5 alpha_high=0.999");
  CHECK(value(channels, "shortest") == doctest::Approx(1).epsilon(1e-4));
  CHECK(value(channels, "longest") == doctest::Approx(std::log(2.0) / -std::log(0.999)).epsilon(1e-3));
}

TEST_CASE("state view: a running kernel's chunks and states are the recurrence's") {
  for (const char* settings :
       {"", "gated=false", "seq_len=128 head_dim=64 alpha_low=0.05", "seq_len=20 head_dim=16"}) {
    const Result r = run("state", settings);
    CAPTURE(settings);
    CHECK(r.passed());
    REQUIRE(r.stepper("chunks") != nullptr);
    if (!counted_rungs().empty()) {
      REQUIRE(r.check("kernel_states") != nullptr);
      CHECK(r.check("kernel_states")->value <= 5e-6);
      CHECK(r.stepper("chunks")->note.find("30_two_level.cu") != std::string::npos);
    }
  }
  CHECK(run("state", "seq_len=70").stepper("chunks")->frames.size() == 9);  // 32 + 32 + 6 tokens
}

TEST_CASE("weights: half of a row's weight lies nearer with gates than without") {
  const Result result = run("weights", "alpha_low=0.5 alpha_high=0.9 seq_len=64");
  CHECK(result.check("weights_apply")->value <= 1e-12);
  CHECK(value(result, "reach_gated") < 5);
  CHECK(value(result, "reach_open") > 3 * value(result, "reach_gated"));
}

TEST_CASE("three forms: every chunk size holds its tolerance; one-level breaks under strong gates") {
  CHECK(run("three_forms", "seq_len=128").passed());
  const Result broken = run("three_forms", "seq_len=256 inside=one_level alpha_low=0.1 alpha_high=0.5");
  CHECK(broken.passed());
  CHECK_FALSE(value(broken, "error_worst_chunk") <= 5e-6);
}

TEST_CASE(
    "the right form of the bug hunt is the reference's, and every bug has the signature of the course") {
  const GatedHead head = head_with(0.1, 0.9, 3, 150);
  const Tensor<double> truth = gated_linear_attention_recurrent(in_double(head.problem)).output;
  for (const auto& [chunk, sub] : {std::pair{64, 16}, {1, 1}, {7, 3}, {150, 16}, {16, 64}}) {
    CHECK(error_of(form_with("", head.problem, chunk, sub), truth) <= 5e-6);
  }
  const auto noticed = [](std::string_view bug, std::string_view trial) {
    const Result result = run("bug_hunt", text("bug=", bug, " trial=", trial));
    CHECK(result.passed());
    return !(value(result, "error_here") <= 5e-6);
  };
  CHECK(noticed("decay_after_write", "medium"));
  CHECK_FALSE(noticed("decay_after_write", "no_decay"));
  CHECK(noticed("gate_on_value_axis", "medium"));
  CHECK_FALSE(noticed("gate_on_value_axis", "constant"));
  CHECK(noticed("raw_log_decay", "mild"));
  CHECK(noticed("raw_log_decay", "no_decay"));
  CHECK(noticed("shifted_index", "medium"));
  CHECK_FALSE(noticed("shifted_index", "no_decay"));
  CHECK(noticed("split_exponential", "very_strong"));
  CHECK_FALSE(noticed("split_exponential", "mild"));
  CHECK(noticed("reference_chunk_start", "very_strong"));
  CHECK_FALSE(noticed("reference_chunk_start", "strong"));
  CHECK(noticed("missing_bridge", "medium"));
  CHECK_FALSE(noticed("missing_bridge", "short"));
  CHECK(noticed("missing_inter_chunk", "mild"));
  CHECK_FALSE(noticed("missing_inter_chunk", "short"));
  CHECK(noticed("lambda_for_gamma", "medium"));
  CHECK_FALSE(noticed("lambda_for_gamma", "short"));
}

TEST_CASE("S-07: all forms of fla's recurrences hold T32 at N = 256 and with a short last chunk") {
  for (const std::string_view settings :
       {"seq_len=256 chunk_size=64", "seq_len=256 chunk_size=16", "seq_len=250 chunk_size=64",
        "seq_len=250 chunk_size=16", "seq_len=250 chunk_size=16 fla=false"}) {
    CAPTURE(settings);
    const Result result = run("conventions", settings);
    CHECK(value(result, "error_worst") <= 5e-6);
    CHECK(value(result, "reading") > 0.01);
  }
  CHECK(value(run("conventions"), "scale") == doctest::Approx(0.25));
}

TEST_CASE("the table of backends judges every rung that runs, and the guarded ones break where predicted") {
  const Result strong = run("backends", "alpha_low=0.1 alpha_high=0.5");
  CHECK(strong.passed());
  const std::size_t rungs = rungs_of("gla", executor_rungs()).size();
  REQUIRE(rungs >= 4);
  CHECK(strong.table("backends")->rows.size() == rungs + 1);
  CHECK(value(strong, "broken_rungs") >= 1);
  REQUIRE(strong.table("breaking") != nullptr);
  CHECK(value(strong, "break_token") > 0);
  const Result mild = run("backends", "alpha_low=0.95 alpha_high=0.99");
  CHECK(mild.passed());
  CHECK(value(mild, "broken_rungs") == 0);
  CHECK(value(mild, "runs") == static_cast<double>(rungs));
}

TEST_CASE("gates from every source are log decays of the stated size, the same for the same seed") {
  const Experiment& e = walk::experiment_of(lab(), "forms");
  for (const std::string_view source : kGateSources) {
    CAPTURE(source);
    const ParamSet params = walk::settings(e, text("gates=", source, " alpha_low=0.3 alpha_high=0.8"));
    const Tensor<float> gates = drawn_log_decay(params, 40, 8, 1);
    CHECK(gates == drawn_log_decay(params, 40, 8, 1));
    for (const float g : gates.span()) {
      CHECK(g <= 0);
      if (source != "sigmoid") {
        CHECK(std::exp(g) >= 0.3F - 1e-6F);
        CHECK(std::exp(g) <= 0.8F + 1e-6F);
      }
    }
  }
  ParamSet crossed(e.params);
  crossed.assign("gates=uniform alpha_low=0.9 alpha_high=0.2");
  CHECK_NOTHROW(drawn_log_decay(crossed, 4, 4, 1));
}

TEST_CASE("rows are counted as lost when a value is no number, and errors say so") {
  Tensor<float> output({1, 3, 2}, {1, 2, std::nanf(""), std::numeric_limits<float>::infinity(),
                                   std::numeric_limits<float>::infinity(), 0});
  const RowCounts rows = count_rows(output);
  CHECK(rows.nan_rows == 1);
  CHECK(rows.inf_rows == 1);
  CHECK(rows.first == 1);
  const Tensor<double> truth({1, 3, 2}, {1, 2, 3, 4, 5, 6});
  CHECK(std::isnan(error_of(output, truth)));
  CHECK(row_errors(output, truth)[0] == 0);
  CHECK(std::isnan(row_errors(output, truth)[1]));
  CHECK(std::isnan(worst_of({1, std::nan(""), 2})));
  CHECK(worst_of({1, 3, 2}) == 3);
}

TEST_CASE("a real head gives its tokens to the state and its weights, with gates said to be drawn") {
  const InputSource input = resolve_input("smollm2:L17H5@alice");
  if (!input.unavailable.empty()) {
    std::printf("  left out: %s\n", input.unavailable.c_str());
    return;
  }
  for (const std::string_view id : {"state", "weights"}) {
    const Experiment& experiment = walk::experiment_of(lab(), id);
    const Result result = walk::run(lab(), experiment, walk::settings(experiment, "seq_len=48"), input);
    CHECK(result.passed());
    CHECK(std::any_of(result.notes.begin(), result.notes.end(),
                      [](const std::string& note) { return note.find("no gates") != std::string::npos; }));
  }
}
