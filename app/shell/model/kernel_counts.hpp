// Counts rungs in the background and keeps the newest count of each. Nothing here is timed.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernels/profile_rung.hpp"
#include "kernels/student/exercise.hpp"
#include "reference/core/job.hpp"

namespace alab::shell {

/// What a student wrote for an exercise, and on which input it is counted.
struct StudentKernel {
  const student::Exercise* exercise = nullptr;
  std::string source, input;
  std::uint64_t seed = 1;
  bool without_bubblewrap = false;  ///< the student agreed to limits alone
  friend bool operator==(const StudentKernel&, const StudentKernel&) = default;
};

struct CountRequest {
  const Op* op = nullptr;
  const RungBuild* build = nullptr;  ///< one of counted_rungs(), or student::student_rung()
  ParamSet problem, tiles;
  StudentKernel own = {};  ///< what is counted in place of a rung's file; problem is a shape of its exercise
  friend bool operator==(const CountRequest&, const CountRequest&) = default;
};

/// The outputs of profile.run are left out.
struct KernelCount {
  CountRequest request;
  RungProfile profile;
};

/// Blocks whose single requests are kept, and how many of each instruction.
counted::TraceWish shown_requests();
/// The op's defaults, with long extents cut to 128, so that a count takes a moment.
ParamSet small_problem(const Op& op);
/// "" or why the rung cannot take the problem.
std::string why_not(const CountRequest& request);
/// The truth is computed first, so that a wrong kernel is called wrong. Inputs are normal.
KernelCount count_kernel(const CountRequest& request, const Progress& progress);

class KernelCounts {
 public:
  /// Cancels what is being counted and counts this.
  void submit(CountRequest request) { submit_all({std::move(request)}); }
  /// Cancels what is being counted and counts these, one after the other; the first that fails ends it.
  void submit_all(std::vector<CountRequest> requests);
  void cancel();
  bool running() const { return job_.status().state == JobState::running || next_ < queue_.size(); }
  /// Over all that was submitted together.
  JobStatus status() const;
  /// Once a frame: takes a finished count over and starts the next one. True when one arrived.
  bool poll();
  /// Makes this the newest count of its rung.
  void keep(std::shared_ptr<const KernelCount> count);
  /// What is counted now, or was last.
  const CountRequest& current() const { return current_; }
  /// Of the last submit; "" when it went well or was cancelled.
  const std::string& error() const { return error_; }
  /// Newest count of a rung, whatever its problem; nullptr before the first.
  std::shared_ptr<const KernelCount> of(const Rung& rung) const;
  /// Counts of an op's rungs, in the order of the ladder.
  std::vector<std::shared_ptr<const KernelCount>> ladder(std::string_view op) const;
  /// True when the newest count of its rung is of this very problem and these tiles.
  bool has(const CountRequest& request) const;
  /// Rises with each count that arrives.
  std::uint64_t version() const { return version_; }

 private:
  void start_next();
  LatestJob<KernelCount> job_;
  std::vector<CountRequest> queue_;  ///< submitted together
  std::size_t next_ = 0;             ///< of the queue, not yet started
  std::map<std::pair<std::string_view, std::string_view>, std::shared_ptr<const KernelCount>> counts_;
  CountRequest current_;
  std::string error_;
  std::uint64_t ticket_ = 0, version_ = 0;
};

}  // namespace alab::shell
