// HBM accesses of the rungs themselves, counted while they run on the executor, beside the loop counter.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "labs/lab.hpp"

namespace alab::flash_tiling {

/// Adds the plot "kernels", the table "kernel_buffers", scalars and the checks that hold both counts against
/// each other. A quick look counts one tile size.
void add_kernel_traffic(Result& result, std::int64_t head_dim, const Context& context);

}  // namespace alab::flash_tiling
