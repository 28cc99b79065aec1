// Takes the window's own times, so that they can be taken again: attention_lab --measure.
// SPDX-License-Identifier: MIT
#pragma once

#include "app/shell/model/options.hpp"

namespace alab::shell {

/// Opens the window, drives it, and prints: start to first frame; slider to new plot for one slider of each
/// experiment, from its default; the cost of a frame; CPU while nothing happens. Progress is neither read nor
/// written. Returns the exit code. @throws Error when no window can be opened
int measure_window(const Options& options);

}  // namespace alab::shell
