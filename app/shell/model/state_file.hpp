// state.json: read at the start, set aside when it cannot be read, written atomically and off the GUI thread.
// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

#include "app/shell/model/workbook.hpp"
#include "reference/core/job.hpp"

namespace alab::shell {

struct LoadReport {
  bool found = false;               ///< there was a file
  std::string message;              ///< "" or what to tell the student, one sentence
  std::filesystem::path set_aside;  ///< where a damaged file went
};
/// Reads file into workbook. A file that cannot be read is renamed to <file>.damaged-<UTC time>, never
/// deleted.
LoadReport load_state(const std::filesystem::path& file, Workbook& workbook);

/// Writes the workbook shortly after each change; never waits in the calling thread.
class StateSaver {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kRest{250}, kLongest{1000}, kRetry{5000};

  explicit StateSaver(std::filesystem::path file);
  /// Call once per frame.
  void update(const Workbook& workbook, Clock::time_point now = Clock::now());
  /// Writes what is not yet on disk and waits; before the program ends.
  void flush(const Workbook& workbook);
  bool pending() const { return waiting_ || job_.status().state == JobState::running; }
  bool ever_saved() const { return saved_revision_ > 0; }
  double seconds_since_save(Clock::time_point now = Clock::now()) const;
  /// "" or why the state cannot be written and what to do.
  const std::string& problem() const { return problem_; }
  void set_enabled(bool enabled) { enabled_ = enabled; }

 private:
  void submit(const Workbook& workbook, Clock::time_point now);
  void poll(Clock::time_point now);

  std::filesystem::path file_;
  LatestJob<std::uint64_t> job_;
  bool enabled_ = true, waiting_ = false, started_ = false, in_flight_ = false;
  std::uint64_t seen_revision_ = 0, submitted_revision_ = 0, saved_revision_ = 0;
  Clock::time_point first_change_, last_change_, saved_at_, retry_at_;
  std::string problem_;
};

}  // namespace alab::shell
