// SPDX-License-Identifier: MIT
#include "app/shell/model/exercise_report.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace alab::shell {
namespace {

constexpr double kWrongAbove = 1;  // of an error map's cells, in units of what is allowed

/// Addresses differ from run to run.
std::string_view without_address(std::string_view sentence) {
  return sentence.substr(0, sentence.find(" at 0x"));
}

void add(std::vector<LineMark>& marks, LineMark mark) {
  const auto same = [&](const LineMark& other) {
    return other.line == mark.line && other.kind == mark.kind &&
           without_address(other.sentence) == without_address(mark.sentence);
  };
  if (std::ranges::none_of(marks, same)) {
    marks.push_back(std::move(mark));
  }
}

/// Digits in groups of three.
std::string grouped(std::string digits) {
  const std::size_t sign = digits.starts_with('-') ? 1 : 0;
  for (std::size_t at = digits.size(); at > sign + 3;) {
    at -= 3;
    digits.insert(at, " ");
  }
  return digits;
}

}  // namespace

int student_line(const counted::Finding& finding) {
  return finding.line.file.ends_with("student.cu") ? finding.line.line : 0;
}

std::string told(const counted::Finding& finding) {
  const std::string place = text(finding.line.file, ":", finding.line.line, ": ");
  return finding.sentence.starts_with(place) ? finding.sentence.substr(place.size()) : finding.sentence;
}

std::vector<LineMark> marks_of(const student::Verdict& verdict) {
  std::vector<LineMark> marks;
  for (const student::Diagnostic& d : verdict.diagnostics) {
    add(marks, {d.line, d.error ? MarkKind::error : MarkKind::warning, d.text});
  }
  for (const student::CheckVerdict& check : verdict.checks) {
    for (const counted::Finding& finding : check.findings) {
      add(marks, {student_line(finding), MarkKind::finding, told(finding)});
    }
  }
  std::ranges::stable_sort(marks, {}, &LineMark::line);
  return marks;
}

std::string number_in_words(double number) {
  if (std::isnan(number)) {
    return "NaN";
  }
  const bool whole = std::abs(number) < 1e15 && number == std::round(number);
  char digits[40];
  std::snprintf(digits, sizeof digits, whole ? "%.0f" : "%.5g", number);
  return whole ? grouped(digits) : digits;
}

std::string bound_in_words(const student::CheckVerdict& check, const student::CounterBound& bound) {
  if (check.kind == "growth") {
    return text("grows ", number_in_words(bound.now), " times, allowed ", bound.relation, " ",
                number_in_words(bound.allowed));
  }
  return text("now ", number_in_words(bound.now), ", allowed ", bound.relation == "==" ? "" : bound.relation,
              bound.relation == "==" ? "" : " ", number_in_words(bound.allowed));
}

Heatmap heatmap_of(const student::CheckVerdict& check, const student::ErrorMap& map) {
  Heatmap heat;
  heat.key = "error_" + check.id;
  const auto wrong = std::ranges::count_if(map.cells, [](float c) { return !(c <= kWrongAbove); });
  heat.title = static_cast<std::size_t>(wrong) == map.cells.size()
                   ? text(map.output, " is wrong everywhere")
                   : text(map.output, " is wrong in ", wrong, " of ", map.cells.size(),
                          map.row_step * map.col_step > 1 ? " tiles" : " elements");
  heat.value_label = "error / allowed";
  heat.row = {text("row of ", map.output), "", false};
  heat.col = {text("column of ", map.output), "", false};
  heat.rows = map.cell_rows;
  heat.cols = map.cell_cols;
  heat.values = map.cells;
  for (std::int64_t r = 0; r < map.cell_rows && map.row_step > 1; ++r) {
    heat.row_labels.push_back(text(r * map.row_step));
  }
  for (std::int64_t c = 0; c < map.cell_cols && map.col_step > 1; ++c) {
    heat.col_labels.push_back(text(c * map.col_step));
  }
  heat.provenance = {Provenance::counted, text("CPU executor, ", student::to_string(map.at))};
  return heat;
}

std::pair<std::int64_t, std::int64_t> worst_cell(const student::ErrorMap& map) {
  std::vector<std::int64_t> at;
  const std::string& name = map.worst.name;  // S[0, 3, 17]
  for (std::size_t i = name.find('['); i != std::string::npos && i + 1 < name.size();
       i = name.find(',', i + 1)) {
    at.push_back(std::atoll(name.c_str() + i + 1));
  }
  const std::int64_t row = at.empty() ? 0 : at.size() == 1 ? at[0] : at[at.size() - 2];
  const std::int64_t col = at.size() < 2 ? 0 : at.back();
  return {std::min(row / map.row_step, map.cell_rows - 1), std::min(col / map.col_step, map.cell_cols - 1)};
}

int line_of_writer(const student::ErrorMap& map) {
  constexpr std::string_view kLine = ", line ";
  const std::size_t at = map.writer.rfind(kLine);
  return at == std::string::npos ? 0 : std::atoi(map.writer.c_str() + at + kLine.size());
}

std::string seeing(const student::ErrorMap& map) {
  const std::string head = map.matrix > 0 || map.at.shape.find("heads=") != std::string::npos
                               ? text("head ", map.matrix, " of ")
                               : std::string();
  const std::string cell = map.row_step * map.col_step > 1 ? text("a cell is the worst of ", map.row_step,
                                                                  " x ", map.col_step, " elements")
                                                           : std::string("a cell is an element");
  return text("What am I seeing: ", head, map.output, ", ", map.rows, " x ", map.cols, "; ", cell,
              ", as error over what is allowed: above 1 is wrong.");
}

}  // namespace alab::shell
