// A rung on the counted executor: is it right, what did each launch do, which mistakes were found.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "kernels/backend.hpp"
#include "kernels/executor/counted/profile.hpp"
#include "kernels/executor/counted/trace.hpp"

namespace alab {

/// Rungs of the counted build, as executor_rungs() lists the fast ones; empty where it was not built.
std::span<const RungBuild* const> counted_rungs();
/// The same rungs in the build that counts floating-point operations.
std::span<const RungBuild* const> flops_rungs();
/// "" or why counted_rungs() is empty, and what to do.
std::string counted_unavailable();

struct RungProfile {
  RungRun run;  ///< judged as every run is; not timed
  std::vector<counted::LaunchProfile> launches;
  std::vector<counted::Finding> findings;  ///< of all launches, each pair of lines once
  counted::RequestTrace trace;             ///< what was wished for; launch is an index into launches
  std::string flops_unavailable;  ///< why no launch has its operations counted; empty also when not asked for
};

/// Whether operations are counted as well: in a run of its own, of another build of the same source.
enum class CountFlops { yes, no };

/// build: one of counted_rungs(). A launch that a mistake ended is a failed check of the run; so is a wrong
/// result of the run that counts operations.
/// @throws Error when there is no counted build
RungProfile profile_rung(const Op& op, const RungBuild& build, const ParamSet& problem, const ParamSet& tiles,
                         const HostArrays& inputs, const Judged& judged, const RunOptions& options,
                         const Progress& progress, const counted::TraceWish& wish = {},
                         CountFlops flops = CountFlops::no);

}  // namespace alab
