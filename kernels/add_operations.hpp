// Operations, which a build of their own counts, beside the accesses of the same launches.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "kernels/executor/counted/flop_stream.hpp"

namespace alab {

/// False, and nothing done, when the two are not of the same launches. A line that computes and touches no
/// memory becomes a line of its own.
bool add_operations(std::vector<counted::LaunchProfile>& launches,
                    std::span<const counted::LaunchFlops> operations);

}  // namespace alab
