// The blocks of a launch, spread over OS threads.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/executor/launch_record.hpp"

namespace alab::executor {

/// Runs every block in the launch's order on at most this many OS threads, and returns when all are done.
/// Rethrows the first failure; blocks that had not begun by then are left out.
void run_blocks(const Launch& launch, unsigned workers);

}  // namespace alab::executor
