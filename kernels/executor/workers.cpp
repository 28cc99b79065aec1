// The pool starts its threads at the first launch that has use for them.
// SPDX-License-Identifier: MIT
#include "kernels/executor/workers.hpp"

#include <algorithm>
#include <cstdlib>

namespace alab::executor {
namespace {

// More OS threads would need more guard pages than the kernel's default vm.max_map_count allows.
constexpr unsigned kMaxWorkers = 16;

}  // namespace

Workers& Workers::instance() {
  static Workers workers;
  return workers;
}

Workers::Workers() : count_(std::clamp(std::thread::hardware_concurrency(), 1u, kMaxWorkers)) {}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

void Workers::start(unsigned helpers) {
  while (threads_.size() < helpers) {
    threads_.emplace_back([this, number = static_cast<unsigned>(threads_.size())] { loop(number); });
  }
}

void Workers::loop(unsigned number) {
  std::uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return ending_ || (round_ != seen && number < wanted_); });
    if (ending_) {
      return;
    }
    seen = round_;
    const auto* job = job_;
    lock.unlock();
    (*job)();
    lock.lock();
    if (--active_ == 0) {
      idle_.notify_all();
    }
  }
}

void Workers::run(unsigned helpers, const std::function<void()>& job) {
  const std::unique_lock turn(busy_, std::try_to_lock);
  helpers = turn.owns_lock() ? std::min(helpers, count_ - 1) : 0;
  if (helpers > 0) {
    const std::lock_guard lock(mutex_);
    start(helpers);
    job_ = &job;
    wanted_ = active_ = helpers;
    ++round_;
    wake_.notify_all();
  }
  job();
  if (helpers > 0) {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [&] { return active_ == 0; });
    job_ = nullptr;
    wanted_ = 0;
  }
}

}  // namespace alab::executor
