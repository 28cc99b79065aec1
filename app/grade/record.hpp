// What a student got, as data: read back to resume, and all that the reports and formats know.
// SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/json.hpp"

namespace alab::grade {

/// What a class is graded on: one check of an exercise.
struct CheckInfo {
  std::string id, title;
  std::string visibility = "visible";  ///< visible, hidden, after_due_date, after_published
  double points = 0;
};

struct AssignedExercise {
  std::string id, title;
  std::vector<CheckInfo> checks;
  std::string version;  ///< changes with the checks, so that results of older ones are not kept
  double points() const;
};

/// One check of one student. A check that is not visible is shown to the student without its text.
struct GradedCheck {
  CheckInfo info;
  bool passed = false;
  double earned = 0;
  std::string text;       ///< "" when passed; what, where and how much
  std::string diagnosis;  ///< "" or the named mistake, a sentence
  bool shown() const { return info.visibility == "visible"; }
};

/// How far an exercise came.
enum class Outcome { judged, not_handed_in, unreadable, did_not_compile, not_allowed, not_judged };
std::string_view to_string(Outcome outcome);

struct GradedExercise {
  std::string id, title;
  std::string file;  ///< as handed in; "" when none was
  Outcome outcome = Outcome::not_handed_in;
  std::string message;  ///< "" or why there is nothing to judge: the compiler's errors, a sentence
  std::vector<GradedCheck> checks;
  Json verdict;     ///< all that the judge said; null when it said nothing
  std::string key;  ///< fingerprint of what was judged
  double points() const;
  double earned() const;
};

struct StudentGrade {
  std::string student, submission;
  std::string refused;             ///< "" or why the submission was not read
  std::vector<std::string> notes;  ///< sentences
  std::string changed;             ///< when its newest file was changed, UTC; "" when there is none
  std::map<std::string, int> hints;
  std::vector<GradedExercise> exercises;
  double points() const;
  double earned() const;
  bool handed_in() const;  ///< a file of at least one exercise
};

/// An exercise of which nothing was judged: every check with 0 points.
GradedExercise unjudged(const AssignedExercise& exercise, Outcome outcome, std::string message);

Json to_json(const StudentGrade& grade);
/// @throws Error: not what to_json wrote
StudentGrade student_grade_from_json(const Json& json);

/// With U+FFFD for what is no UTF-8, ending in a newline; indent below 0: all on one line.
std::string dumped(const Json& json, int indent = 1);

}  // namespace alab::grade
