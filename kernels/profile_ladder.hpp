// Every rung of an op, counted on the same problem, and the table that sets them side by side.
// SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/profile_in_child.hpp"
#include "kernels/roofline.hpp"

namespace alab {

struct ProfiledRung {
  const Rung* rung = nullptr;
  ParamSet tiles;
  std::string unsupported;  ///< why it was not run
  RungProfile profile;
  std::string printed;  ///< by the kernel, where it ran in a child process
};

/// @param builds  of counted_rungs()
/// @param tiles   assignments "block_m=16"; each goes to the rungs that have the parameter
/// @param limits  each rung runs in a child process with them; empty: in this process
/// @throws Error when a tile size is no rung's, or out of range
std::vector<ProfiledRung> profile_ladder(const Op& op, std::span<const RungBuild* const> builds,
                                         const ParamSet& problem, std::span<const std::string> tiles,
                                         const HostArrays& inputs, const Judged& judged,
                                         const RunOptions& options,
                                         const std::optional<child::ChildLimits>& limits,
                                         const Progress& progress);

/// Occupancy on gpu in percent, of the launch with the most global requests; words where the registers are
/// not known.
/// @param launches   of the rung, not none
/// @param registers  per thread, instead of the recorded ones; 0: those
Cell occupancy_cell(const Rung& rung, std::span<const counted::LaunchProfile> launches,
                    const RooflineDevice& gpu, int registers = 0);

/// One row for each rung: operations, traffic, shared memory, barriers, occupancy on gpu, mistakes. Sums over
/// a rung's launches; occupancy is that of the launch with the most global requests.
/// @param registers  per thread, instead of the recorded ones; 0: those
Table ladder_table(const Op& op, std::span<const ProfiledRung> rungs, const RooflineDevice& gpu,
                   int registers = 0);

}  // namespace alab
