// Runs the threads of one block as fibers on this OS thread. A thread that meets no barrier costs one call:
// a fiber runs thread after thread on its one stack until one of them has to wait.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "kernels/executor/fault.hpp"
#include "kernels/executor/fiber.hpp"
#include "kernels/executor/lane_watch.hpp"
#include "kernels/executor/launch_record.hpp"
#include "kernels/executor/removed_barrier.hpp"
#include "kernels/executor/view.hpp"
#include "kernels/executor/warp_calls.hpp"

namespace alab::executor {

constexpr std::size_t kMaxDynamicShared = 227 * 1024;  ///< sm_90's limit per block
constexpr std::size_t kSharedGuard = 1024;             ///< on either side of dynamic shared memory

class BlockRunner {
 public:
  BlockRunner();
  /// The one of this OS thread, kept for its stacks.
  static BlockRunner& of_this_thread();

  /// watch: told which lane runs; nullptr for a plain launch. Must live until end_launch.
  void begin_launch(const Launch& launch, LaneWatch* watch = nullptr);
  void end_launch() { watch_ = nullptr; }
  /// For launches with a watch, until it is called again; nullptr: none. Must live as long.
  void remove_barrier(const RemovedBarrier* barrier) { removed_ = barrier; }
  /// Runs all threads of one block (linear index, x fastest).
  /// Error: divergent barrier, or what a thread threw. Cancelled: stop was requested while all waited.
  void run_block(std::uint64_t block);

  /// False when the barrier was taken out, so that nobody was waited for.
  bool sync_threads(bool predicate, Site where, const void* code);
  /// Threads whose predicate held at the barrier that was released last.
  unsigned predicates() const { return released_predicates_; }
  std::uint64_t warp_call(WarpKind kind, std::uint32_t mask, std::uint64_t bits, std::int32_t arg,
                          std::int32_t width, Site where, const void* code);
  std::uint32_t active_mask(Site where);

  // For a watch, on the stack of the lane that runs.
  /// Suspends the running lane until the watch has drained what it recorded.
  void hold();
  /// Ends the launch with this failure; the running lane never continues.
  [[noreturn]] void stop(std::exception_ptr failure);
  /// The running thread's index within the block, x fastest.
  unsigned thread_index() const { return static_cast<unsigned>(current_ - lanes_.data()); }
  const Fiber& running_fiber() const { return *current_->fiber; }
  /// On which a thread of the block runs or ran; nullptr before it starts.
  const Fiber* fiber_of(unsigned thread) const { return lanes_[thread].fiber; }
  /// Lanes of its warp that the running lane is about to meet.
  std::uint32_t meeting_lanes() const { return meeting_lanes_; }
  std::string block_name() const;
  /// The blocks' dynamic shared memory, all that a launch can ask for.
  std::byte* dynamic_shared() const { return dynamic_shared_.get() + kSharedGuard; }

 private:
  struct Lane {
    Fiber* fiber = nullptr;  ///< where it is suspended; nullptr before its start
    Site site;               ///< where it waits
    uint3 idx{};
    std::uint8_t number = 0;  ///< within the warp
  };
  struct Warp {
    std::uint32_t fresh = 0, ready = 0;  ///< by position in the visiting order: not started; may continue
    /// By lane: not left; at the barrier; in a warp call; in active_mask.
    std::uint32_t alive = 0, arrived = 0, calling = 0, asking = 0;
    std::uint32_t held = 0;  ///< by lane: suspended by the watch
    Lane* lanes = nullptr;
    std::array<std::uint8_t, 32> lane_at{}, position_of{};
    WarpCalls calls;
  };
  struct Aligned {
    void operator()(std::byte* p) const;
  };

  static void fiber_main(Fiber& fiber, void* runner);
  void run_threads_on(Fiber& fiber);
  Fiber& idle_fiber();
  Fiber& new_fiber();
  void start_block(std::uint64_t block);
  void run_warp(Warp& warp);
  void run_phases();
  bool choose_next();
  void suspend(Lane& me);
  void leave(Lane& me);
  void wake(Warp& warp, std::uint32_t lanes);
  bool complete(Warp& warp, unsigned lane);
  bool release_asking(Warp& warp);
  bool release_held(Warp& warp);
  void meet(Meeting meeting, std::uint32_t lanes, const void* code);
  bool removed(Site where) const;
  bool release_barrier();
  void order_warps();
  void order_lanes(Warp& warp, unsigned count);
  void check_shared_guard() const;
  void abandon();
  std::uint64_t random();

  // block_report.cpp: the sentences.
  [[noreturn]] void refuse(std::uint32_t mask, std::int32_t width, Site where) const;
  Fault divergence() const;
  std::string state_of(std::size_t thread) const;

  const Launch* launch_ = nullptr;
  LaneWatch* watch_ = nullptr;
  const RemovedBarrier* removed_ = nullptr;
  std::uint32_t meeting_lanes_ = 0;
  std::vector<Lane> lanes_;
  std::vector<Warp> warps_;
  std::vector<std::uint16_t> warp_order_;
  Lane* current_ = nullptr;
  Warp* current_warp_ = nullptr;
  Fiber main_;
  std::vector<std::unique_ptr<Fiber>> fibers_;
  std::vector<Fiber*> idle_;
  std::exception_ptr failure_;
  Site barrier_site_;
  unsigned at_barrier_ = 0, predicates_ = 0, released_predicates_ = 0;
  bool mixed_barrier_ = false, running_ = false;
  std::uint64_t random_ = 0;
  std::unique_ptr<std::byte, Aligned> dynamic_shared_;
};

/// The lowest count bits, 1 to 32.
constexpr std::uint32_t low_bits(unsigned count) {
  return count == 32 ? ~0u : (1u << count) - 1;
}
/// Whether two waiting places are one source line: g++ may duplicate a call, so addresses would not do.
bool same_line(const Site& a, const Site& b);

}  // namespace alab::executor
