// SPDX-License-Identifier: MIT
#include "app/grade/course.hpp"

#include <map>
#include <memory>

#include "app/grade/texts.hpp"
#include "kernels/student/judge.hpp"
#include "kernels/student/terminal.hpp"
#include "reference/core/error.hpp"

namespace alab::grade {
namespace {

using student::Exercise;

constexpr std::size_t kLongestReport = 6000;

std::string version_of(const Exercise& exercise) {
  std::string all;
  for (const student::ExerciseFile& file : student::exercise_files()) {
    if (file.exercise == exercise.id) {
      all += text(file.name, ":", file.text.size(), ":", file.text);
    }
  }
  return fingerprint(all);
}

GradedCheck graded_check(const student::CheckVerdict& v) {
  GradedCheck out;
  out.info = {v.id, v.title, v.visibility, v.points};
  out.passed = v.status == student::Status::passed;
  out.earned = v.earned;
  out.text = out.passed ? "" : as_utf8(student::details_of(v));
  out.diagnosis = v.diagnosis ? as_utf8(v.diagnosis->sentence) : "";
  return out;
}

// Without what differs between two runs of the same: times.
Json lasting(const student::Verdict& v) {
  Json json = to_json(v);
  json.erase("seconds");
  json.erase("compile_seconds");
  return json;
}

GradedExercise graded(const AssignedExercise& exercise, const student::Verdict& v, std::string_view source) {
  GradedExercise out = unjudged(exercise, Outcome::judged, "");
  if (!v.compiled && v.refused.empty()) {
    out.outcome = Outcome::did_not_compile;
    out.message = cut_to(as_utf8(student::compiler_report(v, source)), kLongestReport);
  } else if (!v.refused.empty()) {
    out.outcome = Outcome::not_allowed;
    out.message = as_utf8(v.refused);
  } else {
    out.checks.clear();
    for (const student::CheckVerdict& check : v.checks) {
      out.checks.push_back(graded_check(check));
    }
  }
  out.verdict = lasting(v);
  return out;
}

// What all submissions to an exercise share.
struct Shared {
  const Exercise* exercise = nullptr;
  student::Manifest manifest;
  student::KnownMistakes known;
};

}  // namespace

std::vector<AssignedExercise> course_exercises() {
  std::vector<AssignedExercise> out;
  for (const Exercise* exercise : student::all_exercises()) {
    const student::Manifest manifest = student::manifest_of(*exercise);
    AssignedExercise assigned{std::string(exercise->id), manifest.title, {}, version_of(*exercise)};
    for (const student::CheckSpec& check : manifest.checks) {
      assigned.checks.push_back(
          {check.id, check.title, std::string(to_string(check.visibility)), check.points});
    }
    out.push_back(std::move(assigned));
  }
  return out;
}

JudgeSource judge_of_this_build(const student::StudentLimits& limits, unsigned jobs) {
  auto shared = std::make_shared<std::map<std::string, Shared, std::less<>>>();
  for (const Exercise* exercise : student::all_exercises()) {
    Shared& one = (*shared)[std::string(exercise->id)];
    one.exercise = exercise;
    one.manifest = student::manifest_of(*exercise);
  }
  return [shared, limits, jobs](const AssignedExercise& exercise, std::string_view source,
                                const std::string& student, const Progress& progress) {
    Shared& one = shared->at(exercise.id);
    student::JudgeOptions options;
    options.student = student;
    options.jobs = jobs;
    options.known = &one.known;
    return graded(exercise, judge_source(*one.exercise, one.manifest, source, limits, options, progress),
                  source);
  };
}

}  // namespace alab::grade
