// SPDX-License-Identifier: MIT
#include "kernels/add_operations.hpp"

#include <algorithm>

namespace alab {
namespace {

bool same_launches(std::span<const counted::LaunchProfile> profiles,
                   std::span<const counted::LaunchFlops> flops) {
  return std::equal(profiles.begin(), profiles.end(), flops.begin(), flops.end(),
                    [](const counted::LaunchProfile& a, const counted::LaunchFlops& b) {
                      return a.grid == b.grid && a.block == b.block;
                    });
}

// A line that computes and touches no memory is a line of its own.
void add_operations(counted::LaunchProfile& launch, const counted::LaunchFlops& counted) {
  launch.flops = counted.flops;
  for (const counted::LineFlops& one : counted.lines) {
    const auto at =
        std::lower_bound(launch.lines.begin(), launch.lines.end(), one.line,
                         [](const counted::LineProfile& a, const counted::Line& b) { return a.line < b; });
    const bool known = at != launch.lines.end() && at->line == one.line;
    (known ? at : launch.lines.insert(at, {one.line, {}, {}}))->flops = one.flops;
  }
}

}  // namespace

bool add_operations(std::vector<counted::LaunchProfile>& launches,
                    std::span<const counted::LaunchFlops> operations) {
  if (!same_launches(launches, operations)) {
    return false;
  }
  for (std::size_t i = 0; i < launches.size(); ++i) {
    add_operations(launches[i], operations[i]);
  }
  return true;
}

}  // namespace alab
