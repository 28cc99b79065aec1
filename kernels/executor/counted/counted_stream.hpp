// Runs the counted build of kernels: the same results as the fast one, and a profile of every launch.
// SPDX-License-Identifier: MIT
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "kernels/executor/counted/profile.hpp"
#include "kernels/executor/counted/trace.hpp"
#include "kernels/executor/removed_barrier.hpp"
#include "kernels/executor/stream.hpp"

namespace alab::counted {

struct Options {
  unsigned workers = 0;  ///< OS threads at most; 0: one per core
  /// Memory accesses of one simulated thread beyond which it is taken to loop for ever.
  std::uint64_t thread_budget = std::uint64_t{1} << 25;
  TraceWish trace;  ///< single requests to keep
  /// Counters of each source line, and the kernels' names. Reading the program's line tables takes a tenth of
  /// a second; findings have their lines in any case.
  bool by_line = true;
  executor::RemovedBarrier removed;  ///< for tests
};

/// A kernel of another build that is launched here runs, but nothing of it is seen.
/// A mistake that the kernel can survive is in the profile only; any other also ends the launch with Error.
class CountedStream final : public executor::ExecutorStream {
 public:
  explicit CountedStream(const Progress& progress = {}, const Options& options = {});
  ~CountedStream() override;

  void* array(std::string_view name, std::size_t bytes) override;
  void* scratch(std::string_view name, std::size_t bytes) override;
  void upload(void* to, const void* from, std::size_t bytes) override;
  void upload_unwritten(void* to, const void* from, std::size_t bytes) override;
  void set_zero(void* to, std::size_t bytes) override;
  void submit(executor::Launch launch) override;

  /// One per launch, in their order; a launch that ended early has what was counted until then.
  std::span<const LaunchProfile> profiles() const { return profiles_; }
  void forget_profiles() {
    profiles_.clear();
    trace_ = {};
  }
  /// What Options::trace wished for, of all launches.
  const RequestTrace& trace() const { return trace_; }
  /// The findings of all launches.
  std::vector<Finding> findings() const;

 private:
  struct State;
  void track();
  void mark_written(const void* from, std::size_t bytes, bool given);
  void run(const executor::Launch& launch, LaunchProfile& profile);

  Options options_;
  std::unique_ptr<State> state_;
  std::vector<LaunchProfile> profiles_;
  RequestTrace trace_;
};

}  // namespace alab::counted
