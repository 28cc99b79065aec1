// The picture of a stepper: tiles coloured by what has happened to them, or bars for a single row.
// SPDX-License-Identifier: MIT
#pragma once

#include "app/panels/stepper_panel.hpp"

namespace alab::panels {

ImVec4 frame_color(const ui::Ui& ui, Frame::Kind kind);
/// The same meaning, dark or light enough for text.
ImVec4 frame_ink(const ui::Ui& ui, Frame::Kind kind);
/// Returns the width used and leaves the cursor below. A click jumps to the frame that touches the cell. Item
/// id: grid.
float stepper_grid(ui::Ui& ui, const Stepper& stepper, StepperState& state, ImVec2 size);

}  // namespace alab::panels
