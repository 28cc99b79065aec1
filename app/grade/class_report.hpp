// The class as a whole, for the instructor: a table of points, what fails how often, and why. Everything that
// a student wrote is escaped. SPDX-License-Identifier: MIT
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/grade/record.hpp"

namespace alab::grade {

struct CheckStatistics {
  CheckInfo info;
  int judged = 0, failed = 0;  ///< of those whose submission compiled
};

struct ExerciseStatistics {
  std::string id, title;
  double points = 0, mean = 0;  ///< of those who handed it in
  int handed_in = 0, full_marks = 0, did_not_compile = 0, not_allowed = 0, unreadable = 0, not_judged = 0;
  std::vector<CheckStatistics> checks;
  std::vector<std::pair<std::string, int>> diagnoses;  ///< the commonest first, students counted once
  int hint_files = 0;                                  ///< students whose state.json tells of this exercise
  double mean_hints = 0;                               ///< of those
  std::vector<std::string> missing;                    ///< students who handed in none
};

struct ClassSummary {
  std::span<const StudentGrade> students;
  std::vector<ExerciseStatistics> exercises;
  std::vector<std::string> nothing_handed_in, refused;
  std::vector<std::string> notes;  ///< about the folder: files that belong to nobody, who is not graded yet
};

ClassSummary summarize(std::span<const StudentGrade> students, std::span<const AssignedExercise> exercises,
                       std::vector<std::string> notes);

/// student, points, of, one column per exercise (empty: not handed in), remarks.
std::string class_csv(const ClassSummary& summary);
Json class_json(const ClassSummary& summary);
/// Self-contained, without scripts.
std::string class_html(const ClassSummary& summary);

}  // namespace alab::grade
