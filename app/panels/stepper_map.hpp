// The picture of a stepper whose frames are matrices: the map of the frame on one colour scale.
// SPDX-License-Identifier: MIT
#pragma once

#include "app/panels/stepper_panel.hpp"

namespace alab::panels {

/// Returns the width used and leaves the cursor below. Item ids as in a heatmap panel, without its title
/// line.
float stepper_map(ui::Ui& ui, const Stepper& stepper, StepperState& state, ImVec2 size);

}  // namespace alab::panels
