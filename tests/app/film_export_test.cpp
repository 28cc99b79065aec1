// Exports of a stepper whose map changes from frame to frame: a strip of moments, and every cell as CSV.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "app/export/csv.hpp"
#include "app/export/figures.hpp"
#include "reference/core/error.hpp"

using namespace alab;

namespace {

Stepper film(std::size_t frames) {
  Stepper s;
  s.key = "state";
  s.title = "A state over tokens";
  s.rows = 1;
  s.cols = static_cast<std::int64_t>(frames);
  s.row_label = "state";
  s.col_label = "token";
  s.quantities = {"norm"};
  s.provenance = {Provenance::counted, "a test"};
  s.map.title = "S";
  s.map.note = "cells.";
  s.map.value_label = "S";
  s.map.row.label = "key channel";
  s.map.col.label = "value channel";
  s.map.rows = 2;
  s.map.cols = 3;
  s.map.provenance = s.provenance;
  for (std::size_t f = 0; f < frames; ++f) {
    s.frames.push_back({Frame::compute, 0, static_cast<std::int64_t>(f), "writes", {1}});
    for (int i = 0; i < 6; ++i) {
      s.map_values.push_back(static_cast<float>(f * 10) + static_cast<float>(i));
    }
  }
  s.map.values.assign(s.map_values.end() - 6, s.map_values.end());
  return s;
}

std::size_t count(const std::string& all, std::string_view part) {
  std::size_t found = 0;
  for (std::size_t at = all.find(part); at != std::string::npos; at = all.find(part, at + 1)) {
    ++found;
  }
  return found;
}

}  // namespace

TEST_CASE("a film shows at most eight moments, the first and the last among them") {
  for (const std::size_t frames : {std::size_t{1}, std::size_t{5}, std::size_t{40}}) {
    const std::string svg = svg_of(film_of(film(frames), "lab/experiment"));
    CHECK(count(svg, ">token ") == std::min<std::size_t>(frames, 8));
    CHECK(svg.find(">token 0<") != std::string::npos);
    CHECK(svg.find(">token " + std::to_string(frames - 1) + "<") != std::string::npos);
  }
  CHECK_THROWS_AS(film_of(Stepper{}, ""), Error);
}

TEST_CASE("the figures of a Result hold the film beside the quantities of its stepper") {
  Result result;
  result.steppers = {film(4)};
  REQUIRE(problems_of(result) == "");
  const std::vector<Figure> figures = figures_of(result);
  REQUIRE(figures.size() == 2);
  CHECK(figures[0].key == "state");
  CHECK(figures[1].key == "state_map");
}

TEST_CASE("the CSV of a film has one line per cell and frame; NaN is left out") {
  Stepper s = film(3);
  s.map_values[7] = std::nanf("");
  const std::string csv = csv_of_map(s);
  CHECK(count(csv, "\r\n") == 1 + 3 * 6 - 1);
  CHECK(csv.find("3,1,2,,,25,counted,a test") != std::string::npos);
}
