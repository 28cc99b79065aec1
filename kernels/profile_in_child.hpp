// profile_rung in a child process, whatever the kernel does. SPDX-License-Identifier: MIT
#pragma once

#include "kernels/executor/child.hpp"
#include "kernels/profile_rung.hpp"

namespace alab {

/// Wide enough for any rung that ends: 10 minutes, 8 GiB.
child::ChildLimits profile_limits();

/// Of an early end the profile has the failed check "runs" and a finding, both with the verdict's sentence.
struct ContainedProfile {
  child::ChildVerdict verdict;
  RungProfile profile;
};

/// What profile_rung gives, in a child process with limits. build: one of counted_rungs(), or one
/// of executor_rungs() for a plain run, which has no launches. Outputs are judged here, counters are the
/// child's word; wish.most_values must be 0. @throws Error when the worker program cannot be started;
/// Cancelled
ContainedProfile profile_rung_in_child(const Op& op, const RungBuild& build, const ParamSet& problem,
                                       const ParamSet& tiles, const HostArrays& inputs, const Judged& judged,
                                       const RunOptions& options, const child::ChildLimits& limits,
                                       const Progress& progress, const counted::TraceWish& wish = {},
                                       CountFlops flops = CountFlops::no);

}  // namespace alab
