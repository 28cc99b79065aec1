// Long work runs on a thread of its own; a frame polls it and never waits. The latest submission wins.
// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "reference/core/error.hpp"

namespace alab {

/// Handed into every long computation. A default-constructed Progress never stops and reports nowhere.
struct Progress {
  std::stop_token stop;
  std::function<void(double fraction, std::string_view what)> report;

  /// Call at least every 50 ms of work. Throws Cancelled once a stop was requested.
  void step(double fraction, std::string_view what) const {
    if (stop.stop_requested()) {
      throw Cancelled{};
    }
    if (report) {
      report(fraction, what);
    }
  }
  /// The part [from, to] of this progress, for a computation inside another.
  Progress part(double from, double to) const;
};

enum class JobState { idle, running, done, failed, cancelled };

/// What a frame sees of a job: a copy, taken without waiting.
struct JobStatus {
  JobState state = JobState::idle;
  double fraction = 0;
  std::string what;   ///< what is being done now
  std::string error;  ///< one sentence when failed
  std::uint64_t ticket = 0;
};

/// One worker thread; submit() cancels what runs and starts the newest work as soon as the old one has
/// stopped. No call blocks on the work itself, except the destructor, which requests a stop and joins.
class JobQueue {
 public:
  using Work = std::function<std::shared_ptr<const void>(const Progress&)>;
  JobQueue();
  ~JobQueue();
  JobQueue(const JobQueue&) = delete;
  JobQueue& operator=(const JobQueue&) = delete;

  std::uint64_t submit(Work work);
  void cancel();
  JobStatus status() const;
  /// The result of the newest finished job and its ticket; nullptr before the first.
  std::pair<std::uint64_t, std::shared_ptr<const void>> result() const;
  /// For tests and the command line.
  void wait() const;

 private:
  void loop(const std::stop_token& stop);
  mutable std::mutex mutex_;
  mutable std::condition_variable_any changed_;
  std::optional<Work> pending_;
  std::uint64_t next_ticket_ = 1, pending_ticket_ = 0, result_ticket_ = 0;
  std::stop_source current_;
  JobStatus status_;
  std::shared_ptr<const void> result_;
  std::jthread worker_;
};

/// Typed face of a JobQueue.
template <class T>
class LatestJob {
 public:
  std::uint64_t submit(std::function<T(const Progress&)> work) {
    return queue_.submit([work = std::move(work)](const Progress& progress) -> std::shared_ptr<const void> {
      return std::make_shared<const T>(work(progress));
    });
  }
  void cancel() { queue_.cancel(); }
  JobStatus status() const { return queue_.status(); }
  std::pair<std::uint64_t, std::shared_ptr<const T>> result() const {
    auto [ticket, pointer] = queue_.result();
    return {ticket, std::static_pointer_cast<const T>(pointer)};
  }
  void wait() const { queue_.wait(); }

 private:
  JobQueue queue_;
};

}  // namespace alab
