#include <doctest/doctest.h>

#include <cmath>

#include "kernels/student/error_map.hpp"
#include "kernels/student/terminal.hpp"
#include "tests/student/toy.hpp"

using namespace alab;
using namespace alab::student;
using alab::student::toy::says;

namespace {

Verdict failed_verdict() {
  Verdict v;
  v.exercise = "0a_scale_rows";
  v.title = "Rows, scaled";
  v.compiled = true;
  v.sandbox = "bubblewrap";
  v.seconds = 1.25;
  CheckVerdict good;
  good.id = "traffic";
  good.title = "One load";
  good.points = good.earned = 2;
  good.status = Status::passed;
  good.visibility = "visible";
  CheckVerdict bad = good;
  bad.id = "values";
  bad.title = "Every \"element\" <of> Y & more";
  bad.status = Status::failed;
  bad.earned = 0;
  bad.rule = "finite";
  bad.sentence = "Y[0] is NaN\x01, expected 1 \xff \xc3\xa9";
  bad.first_bad = BadElement{"Y[0]", 1, std::nan("")};
  bad.first_failure = CaseName{"N=9", "random", "ascending", 1};
  bad.diagnosis = Diagnosis{"zero", "every element of Y is 0", ""};
  bad.error_map.emplace();
  bad.error_map->rows = bad.error_map->cols = bad.error_map->cell_rows = bad.error_map->cell_cols = 1;
  bad.error_map->cells = {1e6f};
  bad.error_map->worst = *bad.first_bad;
  CheckVerdict hidden = bad;
  hidden.id = "secret";
  hidden.visibility = "hidden";
  hidden.sentence = "the secret shape";
  v.checks = {good, bad, hidden};
  return v;
}

}  // namespace

TEST_CASE("a verdict's JSON holds what happened, with NaN as text") {
  const Json json = to_json(failed_verdict());
  CHECK(json.at("passed") == false);
  CHECK(json.at("points") == 6);
  CHECK(json.at("earned") == 2);
  const Json& bad = json.at("checks").at(1);
  CHECK(bad.at("status") == "failed");
  CHECK(bad.at("first_bad").at("got") == "NaN");
  CHECK(bad.at("diagnosis").at("kind") == "zero");
  CHECK(bad.at("error_map").at("cells").at(0) == 1e6);
  CHECK(json.at("checks").at(0).at("first_bad").is_null());
}

TEST_CASE("JUnit XML has one testcase per check and nothing that XML forbids") {
  const std::string xml = junit_xml(failed_verdict());
  CHECK(says(xml, "tests=\"3\" failures=\"2\""));
  CHECK(says(xml, "name=\"values: Every &quot;element&quot; &lt;of&gt; Y &amp; more\""));
  CHECK(says(xml, "Y[0] is NaN?, expected 1 ? \xc3\xa9"));
  CHECK(xml.find('\x01') == std::string::npos);
  CHECK(xml.find('\xff') == std::string::npos);
  std::size_t count = 0;
  for (std::size_t at = xml.find("<testcase"); at != std::string::npos; at = xml.find("<testcase", at + 1)) {
    ++count;
  }
  CHECK(count == 3);
}

TEST_CASE("the terminal shows one line per check and why one failed, but nothing of a hidden one") {
  const std::string page = shown(failed_verdict(), "", false);
  for (const char* words :
       {"passed   2/2  One load", "FAILED   0/2  Every", "diagnosis: every element of Y is 0",
        "first seen with N=9, input random, ascending order", "2 of 6 points in 1.2 s",
        "worst: Y[0] is NaN, expected 1", "(hidden)"}) {
    CHECK_MESSAGE(says(page, words), words, " in\n", page);
  }
  CHECK_FALSE(says(page, "the secret shape"));
  CHECK_FALSE(says(page, "\x1b"));
}

TEST_CASE("compiler errors stand under their line with a caret") {
  Verdict v;
  v.diagnostics.push_back({2, 5, true, "'y' was not declared"});
  const std::string report = compiler_report(v, "int x;\n\tx = y;\n");
  CHECK(report == "line 2:5: error: 'y' was not declared\n  | \tx = y;\n  | \t   ^\n");
  CHECK(says(shown(v, "", false), "not run: it does not compile"));
}

TEST_CASE("the trace tells who wrote an element") {
  counted::RequestTrace trace;
  trace.buffers = {"X", "Y"};
  trace.lines = {{"kernel.cu", 12}};
  counted::TracedRequest q;
  q.kind = counted::RequestKind::store;
  q.block = 5;
  q.warp = 1;
  q.buffer = 1;
  q.mask = 0b110;
  q.offsets.fill(80);
  q.offsets[2] = 84;
  trace.requests.push_back(q);
  counted::LaunchProfile launch;
  launch.grid = {4, 2, 1};
  launch.block = {16, 4, 1};
  const auto writer = find_writer(trace, std::vector{launch}, "Y", 21);
  REQUIRE(writer);
  CHECK(writer->in_words == "block (1, 1, 0), thread (2, 2, 0), line 12");
  CHECK_FALSE(find_writer(trace, std::vector{launch}, "Y", 22));
  CHECK_FALSE(find_writer(trace, std::vector{launch}, "X", 21));
  std::vector<ShownValue> shown{
      {"sum", 5, 0, 34, 0.5F}, {"sum", 5, 0, 35, 9}, {"m", 5, 0, 34, 7}, {"sum", 4, 0, 34, 9}};
  for (int i = 1; i < 70; ++i) {
    shown.push_back({"sum", 5, 0, 34, static_cast<float>(i)});
  }
  const std::vector<ShownSeries> series = shown_by(*writer, shown);
  REQUIRE(series.size() == 2);
  CHECK(series[0].name == "sum");
  CHECK(series[0].values.size() == 64);
  CHECK(series[0].values[1] == 1);
  CHECK(series[0].more == 6);
  CHECK(in_words(series[1]) == "m = 7");
}
