// SPDX-License-Identifier: MIT
#include "app/grade/roster.hpp"

#include <algorithm>

#include "app/grade/texts.hpp"
#include "reference/core/error.hpp"
#include "reference/core/files.hpp"

namespace alab::grade {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kFormat = "1";

std::vector<ReadSubmission> find(const GradeRequest& request, std::vector<std::string>& notes) {
  const std::vector<std::string> ids = ids_of(request.exercises);
  const fs::path out = fs::weakly_canonical(request.out);
  require(out != fs::weakly_canonical(request.submissions), "results would lie among the submissions in ",
          out.string(), "; choose another folder for --out");
  std::vector<std::string> strays;
  std::vector<ReadSubmission> found;
  for (Submission& s : find_submissions(request.submissions, request.student_from, ids, strays)) {
    const bool asked_for = !request.part || request.part->contains(s.student);
    if (asked_for && fs::weakly_canonical(s.paths.front()) != out) {
      found.push_back({std::move(s), {}});
    }
  }
  require(!found.empty() || request.part, "there are no submissions in ", request.submissions.string(),
          request.student_from == StudentFrom::folder
              ? "; give a folder with one folder or .zip per student"
              : "; give a folder with files like weber_1a.cu, or leave --student-from out");
  for (const std::string& stray : strays) {
    notes.push_back(text("'", stray, "' in the folder of submissions belongs to nobody and was not graded."));
  }
  return found;
}

}  // namespace

Roster::Roster(const GradeRequest& request, const Progress& progress) : request_(request) {
  const std::vector<std::string> ids = ids_of(request.exercises);
  submissions_ = find(request, notes_);
  std::set<std::string> handed_in;
  for (ReadSubmission& one : submissions_) {
    progress.step(0, text("reading ", one_line(one.submission.name)));
    one.handed_in = read_submission(one.submission, ids, request.limits);
    for (const auto& [id, file] : one.handed_in.sources) {
      handed_in.insert(id);
    }
  }
  for (const AssignedExercise& e : request.exercises) {
    if (!request.only_handed_in || handed_in.contains(e.id)) {
      exercises_.push_back(e);
    }
  }
}

StudentGrade Roster::earlier(const ReadSubmission& who) const {
  const fs::path file = result_of(request_, who.submission.student);
  std::error_code ignored;
  if (request_.again || !fs::exists(file, ignored)) {
    return {};
  }
  try {
    return student_grade_from_json(read_json(file));
  } catch (const Error&) {
    return {};
  }
}

std::optional<GradedExercise> Roster::known(const ReadSubmission& who, const AssignedExercise& exercise,
                                            const StudentGrade& earlier) const {
  if (!who.handed_in.refused.empty()) {
    return unjudged(exercise, Outcome::not_handed_in, who.handed_in.refused);
  }
  const auto at = who.handed_in.sources.find(exercise.id);
  if (at == who.handed_in.sources.end()) {
    return unjudged(exercise, Outcome::not_handed_in, "");
  }
  const SubmittedFile& file = at->second;
  if (!file.trouble.empty()) {
    GradedExercise out =
        unjudged(exercise, Outcome::unreadable, text("'", file.name, "' was not read: ", file.trouble, "."));
    out.file = file.name;
    return out;
  }
  const std::string key = key_of(who, exercise, file.bytes);
  const auto same = std::find_if(earlier.exercises.begin(), earlier.exercises.end(), [&](const auto& e) {
    return e.key == key && e.id == exercise.id && e.outcome != Outcome::not_judged;
  });
  if (same == earlier.exercises.end()) {
    return std::nullopt;
  }
  GradedExercise out = *same;
  out.file = file.name;
  return out;
}

bool Roster::settled(const ReadSubmission& who, const StudentGrade& earlier) const {
  return std::all_of(exercises_.begin(), exercises_.end(), [&](const AssignedExercise& exercise) {
    return known(who, exercise, earlier).has_value();
  });
}

// Two fingerprints, the second over the reverse, so that no two sources that a student could find share a
// key.
std::string Roster::key_of(const ReadSubmission& who, const AssignedExercise& exercise,
                           const std::string& source) const {
  std::string all;
  for (const std::string_view part : {kFormat, std::string_view(request_.program),
                                      std::string_view(exercise.id), std::string_view(exercise.version),
                                      std::string_view(who.submission.student), std::string_view(source)}) {
    all += text(part.size(), ":", part);
  }
  const std::string reverse(all.rbegin(), all.rend());
  return fingerprint(all) + fingerprint(reverse);
}

std::vector<std::string> ids_of(std::span<const AssignedExercise> exercises) {
  std::vector<std::string> ids;
  for (const AssignedExercise& e : exercises) {
    ids.push_back(e.id);
  }
  return ids;
}

fs::path result_of(const GradeRequest& request, const std::string& student) {
  return request.out / "students" / (file_name_of(student) + ".json");
}

}  // namespace alab::grade
