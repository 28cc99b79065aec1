// SPDX-License-Identifier: MIT
#include "app/panels/stepper_map.hpp"

#include <algorithm>

namespace alab::panels {
namespace {

/// Colours span the values of all frames, so that a frame can be compared with the next.
void measure_film(const Stepper& stepper, StepperState& state) {
  Heatmap all = stepper.map;
  all.values = stepper.map_values;
  measure(all, state.map);
  state.map.keep_range = true;
}

}  // namespace

float stepper_map(ui::Ui& ui, const Stepper& stepper, StepperState& state, ImVec2 size) {
  const bool fresh = state.map_version != state.version || state.shown.values.empty();
  if (fresh) {
    measure_film(stepper, state);
  }
  if (fresh || state.shown_frame != state.frame) {
    state.shown = map_at(stepper, state.frame);
    state.shown_frame = state.frame;
    state.map_version = state.version;
    ++state.map_ticket;
  }
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const float line = ui::em(1.6F);
  const ImVec2 end = heatmap_body(ui, state.shown, state.map_ticket, state.map, pos, {size.x, size.y - line});
  ImGui::SetCursorScreenPos({pos.x, std::min(end.y, pos.y + size.y - line) + ui::em(0.2F)});
  heatmap_readout(ui, state.shown, state.map, size.x);
  return end.x - pos.x;
}

}  // namespace alab::panels
