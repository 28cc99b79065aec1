// One launch as the runtime sees it: which code, over which grid, in which order.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/executor/lane_watch.hpp"
#include "kernels/executor/view.hpp"
#include "kernels/rung.hpp"
#include "reference/core/job.hpp"

namespace alab::executor {

/// Told on each OS thread that takes part in a launch when its share of the blocks begins and ends.
class ThreadMeter {
 public:
  virtual ~ThreadMeter() = default;
  virtual void begin() = 0;
  virtual void end() = 0;
};

struct Launch {
  void (*invoke)(const void* call) = nullptr;  ///< runs the kernel once, as the thread that t_view names
  const void* call = nullptr;                  ///< the kernel and its arguments
  std::size_t call_bytes = 0;
  const void* kernel = nullptr;  ///< its first instruction
  bool counted = false;          ///< of the counted build
  dim3 grid, block;
  std::size_t dynamic_bytes = 0;
  Site where;
  Stream::Order order = Stream::Order::ascending;
  std::uint64_t seed = 0;
  const Progress* progress = nullptr;
  LaunchWatch* watch = nullptr;  ///< told what the threads do; nullptr for a plain launch
  ThreadMeter* meter = nullptr;  ///< nullptr: none

  std::uint64_t blocks() const { return std::uint64_t{grid.x} * grid.y * grid.z; }
  unsigned threads() const { return block.x * block.y * block.z; }
};

/// "kernels/softmax_rows/00_naive.cu:41", folders above kernels left out.
std::string describe(Site where);
/// Error naming the launch, the value and the limit when the grid, block or shared memory is out of CUDA's
/// limits.
void check_limits(const Launch& launch);

}  // namespace alab::executor
