// What is written for others to read: figures, tables and the report, from a Result with awkward values.
// SPDX-License-Identifier: MIT
#include "app/export/export.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "app/export/figures.hpp"
#include "tests/app/program.hpp"
#include "tests/app/squares_lab.hpp"

namespace alab::app_test {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");
const Provenance kCounted{Provenance::counted, "by hand <&>"};

Result awkward() {
  Result result;
  result.lab = std::string(shell::kLab.id);
  result.experiment = "squares_big";
  result.scalars.push_back({"n", "a & b", "tokens", kNan, kCounted, "count"});
  Plot plot{"curve", "Less < more", "A note.", {"n", "", true}, {"y", "", true}, {}};
  plot.series.push_back({"s", "s", {0, 1, 10, 1e5}, {1, kNan, kInf, 2e4}, kCounted});
  result.plots.push_back(plot);
  Heatmap map;
  map.key = "map";
  map.title = "One value";
  map.value_label = "tile";
  map.rows = map.cols = 2;
  map.values = {2, 2, std::nanf(""), 2};
  map.provenance = kCounted;
  result.heatmaps.push_back(map);
  Stepper stepper;
  stepper.key = "steps";
  stepper.title = "Two scales";
  stepper.quantities = {"small", "huge", "never"};
  stepper.frames = {{Frame::load, 0, 0, "first", {-kInf, 0, kNan}},
                    {Frame::compute, 0, 0, "second", {0.25, 50000, kNan}},
                    {Frame::skip, 0, 1, "third", {0.5, 50000, kNan}}};
  stepper.provenance = kCounted;
  result.steppers.push_back(stepper);
  result.checks.push_back(check_at_most("c", "is \"small\"", kNan, 1, kCounted));
  return result;
}

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("figures hold real text and finite coordinates whatever the values are") {
  const std::vector<Figure> figures = figures_of(awkward());
  CHECK(figures.size() == 3);
  for (const Figure& figure : figures) {
    const std::string svg = svg_of(figure);
    CAPTURE(svg);
    CHECK(svg.starts_with("<svg "));
    CHECK(svg.ends_with("</svg>\n"));
    CHECK_FALSE(contains(svg, "=\"nan"));
    CHECK_FALSE(contains(svg, "inf,"));
    CHECK_FALSE(contains(svg, "nan,"));
    CHECK_FALSE(contains(svg, "1e+"));
    CHECK(contains(svg, "<text"));
  }
  CHECK(contains(svg_of(figures[0]), "Less &lt; more"));
}

TEST_CASE("a map of one value names it once, beside the map") {
  const std::string svg = svg_of(figures_of(awkward())[1]);
  CHECK(times(svg, ">2</text>") == 1);
  CHECK(times(svg, ">3</text>") == 0);
}

TEST_CASE("a stepper's quantities stand on scales of their own, with what happened at each step") {
  const std::string svg = svg_of(figures_of(awkward())[2]);
  for (const char* word :
       {"small", "huge", "never finite", "0.25", "0.5", "50,000", "load", "compute", "skip"}) {
    CAPTURE(word);
    CHECK(contains(svg, text(">", word, "</text>")));
  }
}

TEST_CASE("a report is one page that needs nothing else, and says which preset was run") {
  const Scratch scratch("report");
  ExportOptions options;
  options.folder = scratch.path();
  options.student.name = "Zoë <b>";
  options.student.notes = "a < b";
  const fs::path file = write_report(shell::kLab, {awkward()}, options, {});
  const std::string html = read_file(file);
  CHECK(contains(html, "Zoë &lt;b&gt;"));
  CHECK(contains(html, "a &lt; b"));
  CHECK(contains(html, "NaN"));
  CHECK(contains(html, "failed"));
  CHECK(times(html, "<svg ") == 3);
  CHECK_FALSE(contains(html, "<script"));
  CHECK_FALSE(contains(html, "src="));
  CHECK_FALSE(contains(html, "href=\"http"));
}

TEST_CASE("an export that fails half-way leaves nothing behind") {
  const Scratch scratch("half");
  fs::create_directories(scratch / "squares_big_steps.svg");  // a folder stands where a file must go
  ExportOptions options;
  options.folder = scratch.path();
  options.formats = ExportFormats::parse("svg,csv,json");
  CHECK_THROWS_WITH_AS(export_result(shell::kLab, awkward(), options, {}), doctest::Contains("cannot write"),
                       Error);
  CHECK(files_below(scratch.path()).empty());
}

}  // namespace alab::app_test
