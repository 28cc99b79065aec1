// The machinery under every lab: finding, running, parsing lessons and presets, filling placeholders.
// SPDX-License-Identifier: MIT
#include "labs/lab.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "labs/common/attention_view.hpp"
#include "labs/common/sweep.hpp"
#include "tests/labs/walk.hpp"

using namespace alab;

namespace {

constexpr Param kSize = int_param("size", "size", "", "A number.", 3, 1, 9);
constexpr const Param* kSizes[] = {&kSize};

Result echo(const ParamSet& params, const Context&) {
  Result result;
  result.scalars = {scalar("twice", "twice the size", 2 * params.real(kSize), "count", counted_by("echo"))};
  result.checks = {check_at_most("small", "small enough", params.real(kSize), 9, counted_by("echo"))};
  return result;
}

const Experiment kEcho{"echo", "Echo", "Twice the size.", kSizes, false, echo};
const Experiment kReading{"reading", "Reading", "What was read.", kSizes, true, echo};
Lab make_lab() {
  Lab lab;
  lab.id = "ch99_01_echo";
  lab.title = "Echo";
  return lab;
}
const Lab kLab = make_lab();

Result run_echo(const Experiment& experiment, const ParamSet& params) {
  const Progress progress;
  return run_experiment(kLab, experiment, params, {walk::source(), progress});
}

std::string filled(std::string_view text, std::string_view prediction = "4x") {
  const ParamSet params(kSizes);
  return fill_placeholders(text, run_echo(kEcho, params), params, prediction);
}

}  // namespace

TEST_CASE("run_experiment names the lab, the experiment, the parameters and the input") {
  ParamSet params(kSizes);
  params.set(kSize, 5);
  const Result result = run_echo(kEcho, params);
  CHECK(result.lab == "ch99_01_echo");
  CHECK(result.experiment == "echo");
  CHECK(result.params == "size=5");
  CHECK(result.input == "made by the experiment");
  CHECK(run_echo(kReading, params).input == walk::source().label);
}

TEST_CASE("run_experiment refuses a set that lacks a parameter and an input that is not there") {
  CHECK_THROWS_WITH_AS(run_echo(kEcho, ParamSet{}), doctest::Contains("'size'"), Error);
  const Progress progress;
  const InputSource away{"away", "Away", "", "the weights are not here; run app/run.sh", nullptr};
  CHECK_THROWS_WITH_AS(run_experiment(kLab, kReading, ParamSet(kSizes), {away, progress}),
                       doctest::Contains("run app/run.sh"), Error);
  CHECK_NOTHROW(run_experiment(kLab, kEcho, ParamSet(kSizes), {away, progress}));
}

TEST_CASE("an unknown lab is not found, and a lab without a folder has no text") {
  CHECK(find_lab("ch99_01_echo") == nullptr);
  CHECK(find_experiment(kLab, "echo") == nullptr);
  CHECK_THROWS_WITH_AS(files_of(kLab), doctest::Contains("ch99_01_echo"), Error);
}

TEST_CASE("parse_lesson separates body and explanation of each section") {
  const auto sections =
      parse_lesson("# Title\n\n## one\nBefore.\n\n:::explain\nAfter.\n:::\nBetween.\n\n## two\nText\n");
  REQUIRE(sections.size() == 2);
  CHECK(sections[0].key == "one");
  CHECK(sections[0].body == "Before.\n\nBetween.");
  CHECK(sections[0].explain == "After.");
  CHECK(sections[1].key == "two");
  CHECK(sections[1].body == "Text");
  CHECK(sections[1].explain.empty());
  CHECK(parse_lesson("").empty());
}

TEST_CASE("parse_lesson leaves headings and fences inside a code block alone, and accepts CR LF") {
  const auto sections = parse_lesson("## a\r\n```\r\n## not a section\r\n:::\r\n```\r\nend\r\n");
  REQUIRE(sections.size() == 1);
  CHECK(sections[0].key == "a");
  CHECK(sections[0].body.find("## not a section") != std::string::npos);
}

TEST_CASE("parse_lesson says where a text is wrong") {
  CHECK_THROWS_WITH_AS(parse_lesson("hello\n"), doctest::Contains("line 1"), Error);
  CHECK_THROWS_WITH_AS(parse_lesson("## Two Words\n"), doctest::Contains("Two Words"), Error);
  CHECK_THROWS_WITH_AS(parse_lesson("## a\n## a\n"), doctest::Contains("twice"), Error);
  CHECK_THROWS_WITH_AS(parse_lesson("## a\n:::explain\ntext\n"), doctest::Contains("never closed"), Error);
  CHECK_THROWS_WITH_AS(parse_lesson("## a\n:::explain\n## b\n"), doctest::Contains("not closed"), Error);
  CHECK_THROWS_WITH_AS(parse_lesson("## a\n:::\n"), doctest::Contains("closes nothing"), Error);
  CHECK_THROWS_WITH_AS(parse_lesson("## a\n:::hint\nx\n:::\n"), doctest::Contains(":::hint"), Error);
  CHECK_THROWS_WITH_AS(parse_lesson("## a\n:::explain\nx\n:::\n:::explain\ny\n:::\n"),
                       doctest::Contains("two"), Error);
  CHECK_THROWS_WITH_AS(parse_lesson(":::explain\n"), doctest::Contains("before the first section"), Error);
  CHECK_THROWS_WITH_AS(parse_lesson("## a\n```\nx\n"), doctest::Contains("never closed"), Error);
}

TEST_CASE("placeholders speak of the student's own numbers") {
  CHECK(filled("You said {prediction}: {scalar:twice} at {param:size}, {check:small}.") ==
        "You said 4x: 6 at 3, 3.");
  CHECK(filled("You said {prediction}.", "") == "You said nothing (you skipped it).");
  CHECK(filled("no placeholder") == "no placeholder");
}

TEST_CASE("placeholders inside formulas are filled and LaTeX braces are left alone") {
  CHECK(filled("$d = {scalar:twice}$ and $\\frac{a}{b}$, $$e^{x}$$ {param:size}") ==
        "$d = 6$ and $\\frac{a}{b}$, $$e^{x}$$ 3");
  CHECK(filled("`{prediction}` and \\{x}") == "`{prediction}` and \\{x}");
  CHECK(filled("```\nfor (;;) {\n}\n```\n{param:size}") == "```\nfor (;;) {\n}\n```\n3");
}

TEST_CASE("an unknown placeholder is an error that names it") {
  CHECK_THROWS_WITH_AS(filled("{scalar:thrice}"), doctest::Contains("{scalar:thrice}"), Error);
  CHECK_THROWS_WITH_AS(filled("{param:length}"), doctest::Contains("{param:length}"), Error);
  CHECK_THROWS_WITH_AS(filled("{check:large}"), doctest::Contains("{check:large}"), Error);
  CHECK_THROWS_WITH_AS(filled("{predicton}"), doctest::Contains("{predicton}"), Error);
  CHECK_THROWS_WITH_AS(filled("$x = {scalar:thrice}$"), doctest::Contains("{scalar:thrice}"), Error);
}

TEST_CASE("doublings end at the last point and evenly spaced points include both ends") {
  CHECK(doublings(16, 64) == std::vector<double>{16, 32, 64});
  CHECK(doublings(16, 100) == std::vector<double>{16, 32, 64, 100});
  CHECK(doublings(8, 8) == std::vector<double>{8});
  CHECK(evenly(0, 1, 3) == std::vector<double>{0, 0.5, 1});
  CHECK_THROWS_AS(doublings(0, 8), Error);
  CHECK_THROWS_AS(evenly(0, 1, 1), Error);
}

TEST_CASE("median_time measures work that sleeps and honours a stop") {
  const Timing timing =
      median_time([] { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }, {}, 0.01, 5);
  CHECK(timing.seconds >= 0.002);
  CHECK(timing.repeats >= 3);
  std::stop_source stop;
  stop.request_stop();
  CHECK_THROWS_AS(median_time([] {}, Progress{stop.get_token(), {}}), Cancelled);
}

TEST_CASE("a causal score row ends at the query, aligned at the bottom right, with the mask added") {
  AttentionInput input;
  input.query = Tensor<float>({1, 2, 1}, {1, 2});
  input.key = Tensor<float>({1, 3, 1}, {1, 10, 100});
  input.value = input.key;
  CHECK(score_row(input, 0, 1) == std::vector<float>{2, 20, 200});
  input.causal = true;
  CHECK(score_row(input, 0, 0) == std::vector<float>{1, 10});
  input.softmax_scale = 0.5;
  input.mask = Tensor<float>({2, 3}, {0, 1, 0, 0, 0, 0});
  CHECK(score_row(input, 0, 0) == std::vector<float>{0.5F, 6});
  CHECK_THROWS_AS(score_row(input, 1, 0), Error);
  CHECK_THROWS_AS(score_row(input, 0, 2), Error);
}

TEST_CASE("rows of an attention map sum to 1, masked cells are outside, a fully masked row is 0") {
  const AttentionInput input = walk::source("masked_row").make({1, 9, 4, 4, 42}, {});
  AttentionInput causal = input;
  causal.causal = true;
  const Heatmap map = attention_map(causal, 0, "map");
  for (std::int64_t i = 0; i < 9; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < 9; ++j) {
      const float w = map.values[static_cast<std::size_t>(i * 9 + j)];
      CHECK((j <= i) == (w == w));
      sum += j <= i ? w : 0;
    }
    CHECK(sum == doctest::Approx(i == 4 ? 0 : 1).epsilon(1e-6));
  }
}
