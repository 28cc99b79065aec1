// A verdict as the exercise page shows it: marks on lines of the student's
// text, counters and an error map. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kernels/student/verdict.hpp"
#include "reference/core/result.hpp"

namespace alab::shell {

enum class MarkKind { error, warning, finding };

/// What is said about a line of the student's text.
struct LineMark {
  int line = 0;  ///< 0: about all of it, or about another file
  MarkKind kind = MarkKind::error;
  std::string sentence;
  friend bool operator==(const LineMark&, const LineMark&) = default;
};

/// Of the compiler and of the executor, each once, in the order of lines; those
/// without a line come first.
std::vector<LineMark> marks_of(const student::Verdict& verdict);
/// The line of the student's own text that a finding is about, or 0.
int student_line(const counted::Finding& finding);
/// A finding's sentence without the "file:line: " before it.
std::string told(const counted::Finding& finding);

/// "12 480", "0.3333", "NaN"
std::string number_in_words(double number);
/// "now 12 480, allowed == 12 000"
std::string bound_in_words(const student::CheckVerdict& check, const student::CounterBound& bound);
/// Where the first failing run of a values check is wrong.
Heatmap heatmap_of(const student::CheckVerdict& check, const student::ErrorMap& map);
/// Row and column of the map's cell that holds the worst element.
std::pair<std::int64_t, std::int64_t> worst_cell(const student::ErrorMap& map);
/// Of the student's text, where the worst element was written; 0 when no trace tells.
int line_of_writer(const student::ErrorMap& map);
/// One sentence: what the map shows.
std::string seeing(const student::ErrorMap& map);

}  // namespace alab::shell
