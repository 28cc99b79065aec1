// SPDX-License-Identifier: MIT
#include "app/shell/model/exercise_judging.hpp"

#include "kernels/student/judge.hpp"

namespace alab::shell {

ExerciseVerdict judge_exercise(const student::Exercise& exercise, const std::string& source,
                               bool without_bubblewrap, const Progress& progress) {
  ExerciseVerdict judged;
  judged.exercise = exercise.id;
  judged.source = source;
  student::StudentLimits limits = student::student_limits();
  limits.allow_without_bubblewrap = limits.allow_without_bubblewrap || without_bubblewrap;
  const student::Containment& box = student::containment();
  if (!box.unavailable.empty() && !limits.allow_without_bubblewrap) {
    judged.needs_consent = box.unavailable;
    return judged;
  }
  judged.verdict =
      student::judge_source(exercise, student::manifest_of(exercise), source, limits, {}, progress);
  return judged;
}

void ExerciseJudge::submit(const student::Exercise& exercise, std::string source) {
  current_ = exercise.id;
  error_.clear();
  ticket_ =
      job_.submit([judge = judge_, &exercise, source = std::move(source), without = without_bubblewrap_](
                      const Progress& progress) { return judge(exercise, source, without, progress); });
}

void ExerciseJudge::cancel() {
  job_.cancel();
}

std::shared_ptr<const ExerciseVerdict> ExerciseJudge::poll() {
  const JobStatus status = job_.status();
  if (ticket_ == 0 || status.ticket != ticket_ || status.state == JobState::running) {
    return nullptr;
  }
  ticket_ = 0;
  if (status.state == JobState::failed) {
    error_ = status.error;
  }
  if (status.state != JobState::done) {
    return nullptr;
  }
  auto judged = job_.result().second;
  newest_[judged->exercise] = judged;
  return judged;
}

std::shared_ptr<const ExerciseVerdict> ExerciseJudge::of(std::string_view exercise) const {
  const auto found = newest_.find(exercise);
  return found == newest_.end() ? nullptr : found->second;
}

}  // namespace alab::shell
