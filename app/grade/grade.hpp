// Grades a folder of submissions: who handed in what, judging, and a result for every student whatever
// happens. SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/grade/class_report.hpp"
#include "app/grade/roster.hpp"

namespace alab::grade {

/// Judges one source; called from several threads at once. Fills outcome, message, checks and verdict.
/// @throws Error when it cannot be judged here (Outcome::not_judged: the next run tries again); Cancelled
using JudgeSource = std::function<GradedExercise(const AssignedExercise& exercise, std::string_view source,
                                                 const std::string& student, const Progress& progress)>;

struct GradeOutcome {
  std::vector<StudentGrade> students;        ///< by name
  std::vector<AssignedExercise> exercises;   ///< that counted
  int judged = 0, kept = 0, not_judged = 0;  ///< exercises of students: anew, from an earlier run, neither
};

/// Writes under request.out, each file whole or not at all, a student's as soon as they are graded:
///   students/STUDENT.json, gradescope/STUDENT/results.json, classroom50/STUDENT/result.json,
///   prairielearn/STUDENT/results.json, junit/STUDENT.xml; at the end class.csv, class.json, class.html.
/// What an earlier run judged from the same source and checks is kept. The same submissions give the same
/// bytes, whatever the number of jobs.
/// @param starts  called before each student of whom something is to be judged, as done is
/// @param done  called after each student, from several threads, one at a time
/// @throws Error: the submissions cannot be listed, or a result cannot be written; Cancelled, after the
/// class's files were written for those who are graded
GradeOutcome grade_class(const GradeRequest& request, const JudgeSource& judge, const Progress& progress,
                         const std::function<void(const StudentGrade&)>& done = {},
                         const std::function<void(const std::string& student)>& starts = {});

}  // namespace alab::grade
