#include "reference/core/result.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "reference/core/json.hpp"

using namespace alab;

namespace {

const Provenance kCounted{Provenance::counted, "an instrumented loop"};

Result example() {
  Result r;
  r.lab = "ch10_01_online_softmax";
  r.experiment = "accesses";
  r.params = "seq_len=4";
  r.input = "normal, seed 42";
  r.scalars.push_back({"ratio", "ratio", "", 4.0 / 3, kCounted, "ratio"});
  r.scalars.push_back({"first_inf", "first", "", std::numeric_limits<double>::infinity(), kCounted, ""});
  r.plots.push_back(
      {"p",
       "Safe needs four",
       "lines",
       {"V", "", true},
       {"accesses", "elements", true},
       {{"safe", "safe", {1, 2, 4}, {4, std::nan(""), 16}, kCounted, SeriesStyle::dashed, 1.0}}});
  Heatmap h;
  h.key = "map", h.title = "t", h.note = "n", h.rows = 1, h.cols = 2, h.values = {1, std::nanf("")},
  h.provenance = kCounted;
  r.heatmaps.push_back(h);
  r.tables.push_back({"table",
                      "t",
                      "n",
                      {"what", "how many"},
                      {{Cell::words("loads"), Cell::number(3, "count", kCounted)}}});
  Stepper s;
  s.key = "steps", s.title = "t", s.note = "n", s.rows = 1, s.cols = 2, s.quantities = {"m"},
  s.provenance = kCounted;
  s.frames.push_back({Frame::rescale, 0, 1, "the maximum rises", {-std::numeric_limits<double>::infinity()}});
  r.steppers.push_back(s);
  r.checks.push_back(check_exactly("four", "four accesses", 4, 4, kCounted));
  r.notes.push_back("a note");
  return r;
}

}  // namespace

TEST_CASE("a Result survives JSON whole, NaN and infinities included") {
  const Result r = example();
  CHECK(problems_of(r) == "");
  const std::string once = to_json(r).dump();
  const Result back = result_from_json(parse_json(once, "text"));
  CHECK(to_json(back).dump() == once);
  CHECK(std::isnan(back.plots[0].series[0].ys[1]));
  CHECK(back.steppers[0].frames[0].values[0] == -std::numeric_limits<double>::infinity());
  CHECK(back.passed());
}

TEST_CASE("problems_of finds a repeated key, a missing provenance and a size that disagrees") {
  Result r = example();
  r.scalars.push_back(r.scalars[0]);
  CHECK(problems_of(r).find("used twice") != std::string::npos);
  r = example();
  r.plots[0].series[0].provenance.source.clear();
  CHECK(problems_of(r).find("provenance") != std::string::npos);
  r = example();
  r.plots[0].series[0].xs.pop_back();
  CHECK(problems_of(r).find("2 x and 3 y") != std::string::npos);
  r = example();
  r.heatmaps[0].cols = 3;
  CHECK_FALSE(problems_of(r).empty());
}

TEST_CASE("a stepper's map has one matrix per frame and survives JSON") {
  Result r = example();
  Stepper& s = r.steppers[0];
  s.frames.push_back({Frame::finish, 0, 1, "the end", {2}});
  s.map = r.heatmaps[0];
  s.map_values = {1, 2, 3, std::nanf("")};
  s.map.values = {3, std::nanf("")};
  CHECK(problems_of(r) == "");
  CHECK(map_at(s, 0).values == std::vector<float>{1, 2});
  CHECK(map_at(s, 9).values[0] == 3);
  CHECK(map_at(s, -1).values == std::vector<float>{1, 2});
  const std::string once = to_json(r).dump();
  const Result back = result_from_json(parse_json(once, "text"));
  CHECK(to_json(back).dump() == once);
  CHECK(has_map(back.steppers[0]));
  s.map_values.pop_back();
  CHECK(problems_of(r).find("3 map values where 4") != std::string::npos);
  CHECK_FALSE(has_map(example().steppers[0]));
}

TEST_CASE("a failed lamp does not fail a Result, a failed check and NaN do") {
  Result r = example();
  r.checks.push_back(check_at_most("time", "time", 3, 1, kCounted));
  CHECK_FALSE(r.passed());
  r.checks.back().lamp = true;
  CHECK(r.passed());
  r.checks.push_back(check_between("nan", "nan", std::nan(""), -1e300, 1e300, kCounted));
  CHECK_FALSE(r.passed());
}

TEST_CASE("values are printed with their unit") {
  CHECK(format_value(1500, "bytes") == "1.5 kB");
  CHECK(format_value(17.2e6, "bytes") == "17.2 MB");
  CHECK(format_value(0.0032, "seconds") == "3.2 ms");
  CHECK(format_value(12288, "count") == "12,288");
  CHECK(format_value(2.13e-7, "error") == "2.1e-07");
  CHECK(format_value(std::nan(""), "bytes") == "NaN");
  CHECK(format_value(-std::numeric_limits<double>::infinity(), "") == "-inf");
}

TEST_CASE("the log-log slope of a power law is its exponent") {
  CHECK(loglog_slope({1, 2, 4, 8}, {3, 12, 48, 192}) == doctest::Approx(2));
  CHECK(std::isnan(loglog_slope({1}, {1})));
  CHECK(std::isnan(loglog_slope({1, 2}, {0, -1})));
}

TEST_CASE("JSON that is too deep, cut off or of the wrong kind is an Error") {
  CHECK_THROWS_AS(parse_json(std::string(100, '['), "deep"), Error);
  CHECK_THROWS_AS(parse_json("{\"a\": ", "cut"), Error);
  CHECK_THROWS_AS(result_from_json(parse_json("{\"lab\": 3}", "wrong")), Error);
}
