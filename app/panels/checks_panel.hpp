// The lamps of a Result: every criterion with its value and band. Timings shine but never gate.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

#include "app/ui/widgets.hpp"

namespace alab::panels {

/// keys empty: all checks. Missing keys are named in words.
void checks_panel(ui::Ui& ui, const Result& result, std::span<const std::string_view> keys = {});
/// All scalars, one line each.
void scalars_panel(ui::Ui& ui, const Result& result);

}  // namespace alab::panels
