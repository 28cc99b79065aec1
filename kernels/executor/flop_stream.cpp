// SPDX-License-Identifier: MIT
#include "kernels/executor/flop_stream.hpp"

#include <mutex>

#include "kernels/executor/block_queue.hpp"
#include "kernels/executor/workers.hpp"

namespace alab::counted {
namespace {

/// Adds up what the OS threads of one launch counted.
class FlopMeter final : public executor::ThreadMeter {
 public:
  void begin() override { t_flops = {}; }
  void end() override {
    const std::lock_guard lock(mutex_);
    sum_ += t_flops;
  }
  const FlopCounts& sum() const { return sum_; }

 private:
  std::mutex mutex_;
  FlopCounts sum_;
};

}  // namespace

FlopStream::FlopStream(const Progress& progress, unsigned workers)
    : ExecutorStream(progress), workers_(workers == 0 ? executor::Workers::instance().count() : workers) {}

void FlopStream::submit(executor::Launch launch) {
  FlopMeter meter;
  launch.order = order_;
  launch.seed = seed_++;
  launch.progress = &progress_;
  launch.meter = &meter;
  executor::check_limits(launch);
  executor::run_blocks(launch, workers_);
  launches_.push_back({{launch.grid.x, launch.grid.y, launch.grid.z},
                       {launch.block.x, launch.block.y, launch.block.z},
                       meter.sum()});
}

}  // namespace alab::counted
