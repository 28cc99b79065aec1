// Scrubs through a recorded run: the grid of tiles, the sentence of the frame, and every quantity up to now.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <vector>

#include "app/ui/widgets.hpp"

namespace alab::panels {

struct StepperState {
  std::uint64_t version = 0;
  std::int64_t frame = 0;
  bool playing = false;
  float speed = 4;            ///< frames per second
  double due = 0;             ///< when the next frame is shown while playing
  std::vector<std::int32_t> first_touch;   ///< cell -> frame that first loads or computes it, or -1
  std::vector<std::int32_t> last_touch;
  std::vector<std::uint8_t> cell_skipped;  ///< 1: only ever skipped
  std::vector<std::vector<double>> series;  ///< quantity -> one value per frame
};

struct StepperOptions {
  bool dimmed = false;
  bool keyboard = true;  ///< arrows, Home, End and space act while the panel's window is focused
};

/// Item ids inside "stepper/<key>": ##first ##back ##play ##forward ##last ##scrub ##speed ##grid ##export.
/// True when the frame shown has changed.
bool stepper_panel(ui::Ui& ui, const Stepper& stepper, std::uint64_t version, StepperState& state, ImVec2 size,
                   const StepperOptions& options = {});
/// True while a stepper plays: the shell must not idle.
inline bool wants_frames(const StepperState& state) { return state.playing; }

}  // namespace alab::panels
