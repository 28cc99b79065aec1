// How a build of the kernels that counts is told which simulated thread runs. A plain launch has none.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace alab::executor {

/// What a lane is about to do when it tells its watch.
enum class Meeting : std::uint8_t { barrier, warp_sync, warp_call };

/// One per OS thread and launch; called by the BlockRunner of that thread.
class LaneWatch {
 public:
  virtual ~LaneWatch() = default;
  virtual void start_block(std::uint64_t block) = 0;
  /// From now on this lane of the warp runs.
  virtual void enter(unsigned warp, unsigned lane) = 0;
  /// The running lane meets others; code is where the call returns to. True: it must wait for drain first.
  virtual bool meet(Meeting meeting, const void* code) = 0;
  /// No lane of the warp can run on. held: lanes that wait for room; returns those of them that have some.
  /// With none held the warp's lanes have all left or wait at a barrier.
  virtual std::uint32_t drain(unsigned warp, std::uint32_t held) = 0;
  /// All threads of the block have met.
  virtual void barrier_released() = 0;
  /// All threads have left.
  virtual void end_block() = 0;
};

/// Hands out watches: one begin and one end per OS thread that takes part in a launch.
class LaunchWatch {
 public:
  virtual ~LaunchWatch() = default;
  virtual LaneWatch& begin() = 0;
  virtual void end(LaneWatch& watch) = 0;
};

}  // namespace alab::executor
