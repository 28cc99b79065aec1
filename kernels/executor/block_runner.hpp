// Runs the threads of one block as fibers on this OS thread. A thread that meets no barrier costs one call:
// a fiber runs thread after thread on its one stack until one of them has to wait.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <exception>
#include <memory>
#include <vector>

#include "kernels/executor/fiber.hpp"
#include "kernels/executor/launch_record.hpp"
#include "kernels/executor/view.hpp"

namespace alab::executor {

class BlockRunner {
 public:
  BlockRunner();
  /// The one of this OS thread, kept for its stacks.
  static BlockRunner& of_this_thread();
  /// The one that runs the calling CUDA thread; Error outside a kernel.
  static BlockRunner& running();

  void begin_launch(const Launch& launch);
  /// Runs all threads of one block (linear index, x fastest).
  /// Error: divergent barrier, or what a thread threw. Cancelled: stop was requested while all waited.
  void run_block(std::uint64_t block);

  int sync_threads(BarrierKind kind, bool predicate, Site where);
  std::uint64_t warp_call(const WarpCall& call, Site where);
  std::uint32_t active_mask(Site where);

 private:
  enum class Wait : std::uint8_t { none, barrier, warp, mask, left };
  struct Lane {
    Fiber* fiber = nullptr;  ///< where it is suspended; nullptr before its start
    uint3 idx{};
    std::uint8_t number = 0;  ///< within the warp
    Wait wait = Wait::none;
    WarpCall call;
    std::uint64_t result = 0;
    Site site;
  };
  struct Warp {
    std::uint32_t fresh = 0, ready = 0;  ///< by position in the visiting order: not started; may continue
    std::uint32_t alive = 0, waiting = 0, asking = 0;  ///< by lane: not left; in a warp call; in active_mask
    Lane* lanes = nullptr;
    std::array<std::uint8_t, 32> lane_at{}, position_of{};
  };
  struct Aligned {
    void operator()(std::byte* p) const;
  };

  static void fiber_main(Fiber& fiber, void* runner);
  void run_threads_on(Fiber& fiber);
  Fiber& idle_fiber();
  void start_block(std::uint64_t block);
  void run_warp(Warp& warp);
  void run_phase();
  bool choose_next();
  void suspend(Lane& me);
  void leave(Lane& me);
  void wake(Warp& warp, unsigned lane);
  bool release_asking(Warp& warp);
  bool release_barrier();
  void order_warps();
  void order_lanes(Warp& warp);
  bool complete(Warp& warp, const WarpCall& call);
  void finish_shared();
  void abandon();
  std::string divergence() const;
  std::string name_of(const Lane& lane) const;
  std::string state_of(const Lane& lane) const;
  std::string block_name() const;
  std::uint64_t random();

  const Launch* launch_ = nullptr;
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

/// Results of a warp-wide operation for the lanes of members; calls[lane] is valid for those.
void solve_warp_call(std::uint32_t members, const WarpCall* const (&calls)[32], std::uint64_t (&results)[32]);

}  // namespace alab::executor
