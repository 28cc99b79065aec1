// Grades a folder of submissions: who handed in what, judging, and a result for every student whatever
// happens. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/grade/class_report.hpp"
#include "app/grade/formats.hpp"
#include "app/grade/submission.hpp"
#include "reference/core/job.hpp"

namespace alab::grade {

/// Judges one source; called from several threads at once. Fills outcome, message, checks and verdict.
/// @throws Error when it cannot be judged here (judged again by the next run); Cancelled
using JudgeSource = std::function<GradedExercise(const AssignedExercise& exercise, std::string_view source,
                                                 const std::string& student, const Progress& progress)>;

struct GradeRequest {
  std::filesystem::path submissions, out;
  std::span<const AssignedExercise> exercises;  ///< that may be handed in
  bool only_handed_in = true;  ///< count an exercise only when at least one student handed it in
  StudentFrom student_from = StudentFrom::folder;
  Formats formats;
  unsigned jobs = 1;   ///< students at the same time
  bool again = false;  ///< judge also what has a result already
  SubmissionLimits limits;
  std::string program;  ///< results of another program are not kept
};

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
/// @param done  called after each student, from several threads, one at a time
/// @throws Error: the submissions cannot be listed, or a result cannot be written; Cancelled, after the
/// class's files were written for those who are graded
GradeOutcome grade_class(const GradeRequest& request, const JudgeSource& judge, const Progress& progress,
                         const std::function<void(const StudentGrade&)>& done = {});

}  // namespace alab::grade
