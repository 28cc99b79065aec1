// Scrubs through a recorded run: the grid of tiles, the sentence of the frame, and every quantity up to now.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "app/panels/heatmap_panel.hpp"
#include "app/ui/widgets.hpp"

namespace alab::panels {

enum class CellState : std::uint8_t { to_come, loaded, done, skipped };

struct StepperState {
  std::uint64_t version = 0;
  bool prepared = false;
  std::int64_t frame = 0;
  bool playing = false;
  float speed = 4;  ///< frames per second
  double due = 0;   ///< when the next frame is shown while playing
  /// cell -> frame of its first load, of its last compute, of its first skip; -1 never
  std::vector<std::int32_t> loaded_at, done_at, skipped_at;
  std::vector<std::vector<double>> series;  ///< quantity -> one value per frame
  std::vector<double> bar;                  ///< one row only: quantity 0 when its column was computed
  HeatmapState map;                         ///< of a stepper with a map; owns a texture
  Heatmap shown;                            ///< the map at shown_frame
  std::int64_t shown_frame = -1;
  std::uint64_t map_version = 0, map_ticket = 0;
};

struct StepperOptions {
  bool dimmed = false;
  bool keyboard = true;  ///< arrows, Home, End and space act while the panel's window is focused
};

/// What the grid shows for a cell at state.frame.
CellState cell_state(const Stepper& stepper, const StepperState& state, std::int64_t row, std::int64_t col);
void prepare(const Stepper& stepper, StepperState& state);

/// A stepper with a map draws it, frame by frame on one colour scale. Otherwise one with a single row draws
/// bars: the height is quantity 0 at the frame that computes the column.
/// Item ids inside "stepper:<key>": ##first ##back ##play ##forward ##last (each /button), ##scrub, speed,
/// grid,
/// ##export/button. True when the frame shown has changed.
bool stepper_panel(ui::Ui& ui, const Stepper& stepper, std::uint64_t version, StepperState& state,
                   ImVec2 size, const StepperOptions& options = {});
/// True while a stepper plays: the shell must not idle.
inline bool wants_frames(const StepperState& state) {
  return state.playing;
}

}  // namespace alab::panels
