// A class before it is judged: who handed in what, and what has a result already. SPDX-License-Identifier:
// MIT
#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "app/grade/formats.hpp"
#include "app/grade/submission.hpp"
#include "reference/core/job.hpp"

namespace alab::grade {

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
  /// Only these students are read and graded, and no file of the class is written: one part of a class, with
  /// the exercises that count given.
  std::optional<std::set<std::string>> part;
  bool settled_only = false;  ///< who has something to be judged is left for a later run
};

/// One student's submission, read.
struct ReadSubmission {
  Submission submission;
  HandedIn handed_in;
};

class Roster {
 public:
  /// Reads everything: which exercises count depends on all, and sources are small.
  /// @throws Error: the submissions cannot be listed, or there are none; Cancelled
  Roster(const GradeRequest& request, const Progress& progress);

  const std::vector<ReadSubmission>& submissions() const { return submissions_; }  ///< by student
  const std::vector<AssignedExercise>& exercises() const { return exercises_; }    ///< that count
  const std::vector<std::string>& notes() const { return notes_; }                 ///< sentences

  /// What a run before this one left of a student; nothing when it left none, or it is damaged.
  StudentGrade earlier(const ReadSubmission& who) const;
  /// The result that needs no judge: nothing was handed in, it cannot be read, or it was judged before from
  /// the same source, checks and program.
  std::optional<GradedExercise> known(const ReadSubmission& who, const AssignedExercise& exercise,
                                      const StudentGrade& earlier) const;
  /// Nothing of it is left to be judged.
  bool settled(const ReadSubmission& who, const StudentGrade& earlier) const;
  /// Names what was judged; equal for the same source, checks and program only.
  std::string key_of(const ReadSubmission& who, const AssignedExercise& exercise,
                     const std::string& source) const;

 private:
  const GradeRequest& request_;
  std::vector<ReadSubmission> submissions_;
  std::vector<AssignedExercise> exercises_;
  std::vector<std::string> notes_;
};

std::vector<std::string> ids_of(std::span<const AssignedExercise> exercises);
/// The student's own file, the last that is written of a student.
std::filesystem::path result_of(const GradeRequest& request, const std::string& student);

}  // namespace alab::grade
