// Counted kernels under the roofline of a GPU: a plot and a table, bytes first, time second.
// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <span>

#include "app/shell/model/kernel_counts.hpp"
#include "kernels/roofline.hpp"

namespace alab::shell {

/// Plot "roofline" and table "bytes" of the rungs that were counted; of one op, in the order of the ladder.
/// Each has two points: one with all bytes that its warps moved in sectors, one with compulsory bytes. Both
/// stand on the roof of fp32 without tensor cores, which is what the ladders compute in; nothing is timed.
/// notes: what is left out or cannot be compared, and why.
Result roofline_sheet(const RooflineDevice& device,
                      std::span<const std::shared_ptr<const KernelCount>> counts);

}  // namespace alab::shell
