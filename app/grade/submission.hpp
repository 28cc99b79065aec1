// What the students of a class handed in: which files belong to whom and to which exercise.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/grade/zip.hpp"

namespace alab::grade {

/// Where a student's name comes from: of the folder or zip, or, with all files in one folder, of the file:
/// its part before the exercise, "weber_1a.cu".
enum class StudentFrom { folder, file };

/// One student's, found but not yet read.
struct Submission {
  std::string student;                       ///< as UTF-8
  std::string name;                          ///< of the folder, zip or first file, as UTF-8
  std::vector<std::filesystem::path> paths;  ///< one folder or zip; or plain files
};

/// One per folder and zip of dir, or per student of its files; ordered by student. Files that are neither are
/// named in strays. Names that begin with a dot, and __MACOSX, are passed over.
/// @throws Error: dir is no folder, or cannot be read
std::vector<Submission> find_submissions(const std::filesystem::path& dir, StudentFrom from,
                                         std::span<const std::string> exercises,
                                         std::vector<std::string>& strays);

/// What was read of a submission.
struct HandedIn {
  std::map<std::string, SubmittedFile> sources;  ///< by exercise
  std::map<std::string, int>
      hints;                       ///< opened, by exercise, when the student's state.json is among the files
  std::vector<std::string> notes;  ///< sentences: files that belong to no exercise, two for one
  std::string refused;             ///< "" or why nothing of it was read, a sentence
  std::string changed;  ///< when its newest file was changed, UTC: "2026-10-01T09:30:00Z"; "" if none
};

/// Reads the files named after an exercise, never through links. What is wrong is in the answer.
HandedIn read_submission(const Submission& submission, std::span<const std::string> exercises,
                         const SubmissionLimits& limits = {});

/// The exercise that a file belongs to: its name begins with the id ("1a_scores_naive") or its part before
/// the underscore ("1a"), in either case, and ends in .cu. "" when none.
std::string exercise_of_file(std::string_view name, std::span<const std::string> exercises);

}  // namespace alab::grade
