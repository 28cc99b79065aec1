// Judges students' kernels in the background; the newest submission wins.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "kernels/student/verdict.hpp"
#include "reference/core/job.hpp"

namespace alab::shell {

struct ExerciseVerdict {
  std::string exercise, source;
  student::Verdict verdict;
  /// Nothing ran: bubblewrap cannot be used here, and the student has not
  /// agreed to go without. Says why.
  std::string needs_consent;
};

/// @param without_bubblewrap  the student agreed to limits alone
using JudgeFunction =
    std::function<ExerciseVerdict(const student::Exercise& exercise, const std::string& source,
                                  bool without_bubblewrap, const Progress& progress)>;
/// Compiles, runs and judges by the exercise's checks.toml.
ExerciseVerdict judge_exercise(const student::Exercise& exercise, const std::string& source,
                               bool without_bubblewrap, const Progress& progress);

class ExerciseJudge {
 public:
  explicit ExerciseJudge(JudgeFunction judge = judge_exercise) : judge_(std::move(judge)) {}
  /// Cancels what is being judged and judges this.
  void submit(const student::Exercise& exercise, std::string source);
  void cancel();
  bool running() const { return job_.status().state == JobState::running; }
  JobStatus status() const { return job_.status(); }
  /// What is judged now, or was last; "" before the first.
  const std::string& current() const { return current_; }
  /// Of the last submission; "" when it went well or was cancelled.
  const std::string& error() const { return error_; }
  /// Once a frame: the verdict that has just arrived, or nullptr.
  std::shared_ptr<const ExerciseVerdict> poll();
  /// The newest of an exercise in this session; nullptr before the first.
  std::shared_ptr<const ExerciseVerdict> of(std::string_view exercise) const;
  void agree_to_go_without_bubblewrap() { without_bubblewrap_ = true; }
  bool goes_without_bubblewrap() const { return without_bubblewrap_; }

 private:
  JudgeFunction judge_;
  std::map<std::string, std::shared_ptr<const ExerciseVerdict>, std::less<>> newest_;
  std::string current_, error_;
  std::uint64_t ticket_ = 0;
  bool without_bubblewrap_ = false;
  LatestJob<ExerciseVerdict> job_;  ///< ends first: it uses the rest
};

}  // namespace alab::shell
