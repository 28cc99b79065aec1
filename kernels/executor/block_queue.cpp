// SPDX-License-Identifier: MIT
#include "kernels/executor/block_queue.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <numeric>
#include <utility>
#include <vector>

#include "kernels/executor/block_runner.hpp"
#include "kernels/executor/workers.hpp"
#include "reference/core/rng.hpp"

namespace alab::executor {
namespace {

/// Hands out the blocks of one launch in its order, and keeps the first failure.
class BlockQueue {
 public:
  explicit BlockQueue(const Launch& launch) : launch_(launch), count_(launch.blocks()) {
    if (launch.order == Stream::Order::shuffled) {
      order_.resize(count_);
      std::iota(order_.begin(), order_.end(), std::uint64_t{0});
      Rng rng(launch.seed);
      for (std::uint64_t i = count_; i > 1; --i) {
        std::swap(order_[i - 1], order_[rng.below(i)]);
      }
    }
  }
  void work() noexcept {
    const MeteredShare share(launch_.meter);
    try {
      BlockRunner& runner = BlockRunner::of_this_thread();
      LaneWatch* const watch = launch_.watch != nullptr ? &launch_.watch->begin() : nullptr;
      const WatchEnd end{launch_, runner, watch};
      runner.begin_launch(launch_, watch);
      for (std::uint64_t i = 0; !failed_ && (i = next_.fetch_add(1)) < count_;) {
        if (launch_.progress->stop.stop_requested()) {
          throw Cancelled{};
        }
        runner.run_block(block_at(i));
      }
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failed_.exchange(true)) {
        failure_ = std::current_exception();
      }
    }
  }
  void rethrow() const {
    if (failure_) {
      std::rethrow_exception(failure_);
    }
  }

 private:
  class MeteredShare {
   public:
    explicit MeteredShare(ThreadMeter* meter) : meter_(meter) {
      if (meter_ != nullptr) {
        meter_->begin();
      }
    }
    ~MeteredShare() {
      if (meter_ != nullptr) {
        meter_->end();
      }
    }
    MeteredShare(const MeteredShare&) = delete;
    MeteredShare& operator=(const MeteredShare&) = delete;

   private:
    ThreadMeter* meter_;
  };
  struct WatchEnd {
    ~WatchEnd() {
      if (watch != nullptr) {
        runner.end_launch();
        launch.watch->end(*watch);
      }
    }
    const Launch& launch;
    BlockRunner& runner;
    LaneWatch* watch;
  };
  std::uint64_t block_at(std::uint64_t i) const {
    switch (launch_.order) {
      case Stream::Order::ascending:
        return i;
      case Stream::Order::descending:
        return count_ - 1 - i;
      default:
        return order_[i];
    }
  }
  const Launch& launch_;
  std::uint64_t count_;
  std::vector<std::uint64_t> order_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  std::exception_ptr failure_;
};

}  // namespace

void run_blocks(const Launch& launch, unsigned workers) {
  BlockQueue queue(launch);
  const auto helpers = static_cast<unsigned>(std::min<std::uint64_t>(launch.blocks(), workers) - 1);
  Workers::instance().run(helpers, [&queue] { queue.work(); });
  queue.rethrow();
}

}  // namespace alab::executor
