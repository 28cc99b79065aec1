// Runs the build of kernels in which float counts what is done with it: the same results, and the operations
// of every launch by kind and source line.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <span>
#include <vector>

#include "kernels/executor/counted/profile.hpp"
#include "kernels/executor/stream.hpp"

namespace alab::counted {

struct LineFlops {
  Line line;
  FlopCounts flops;
};

struct LaunchFlops {
  std::array<unsigned, 3> grid{}, block{};
  FlopCounts flops;
  std::vector<LineFlops> lines;  ///< by file and line; they add up to flops
};

/// A kernel of another build that is launched here runs and counts nothing.
class FlopStream final : public executor::ExecutorStream {
 public:
  /// workers: OS threads to use at most; 0 takes one per core.
  explicit FlopStream(const Progress& progress = {}, unsigned workers = 0);
  void submit(executor::Launch launch) override;

  /// One per launch that ran to its end, in their order.
  std::span<const LaunchFlops> launches() const { return launches_; }

 private:
  unsigned workers_;
  std::vector<LaunchFlops> launches_;
};

}  // namespace alab::counted
