// A Heatmap of a Result: one texture with nearest filtering, made when the Result changes; token labels, colour
// bar, hover with both tokens, the value and the detail behind it; a click pins a cell.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/ui/widgets.hpp"

namespace alab::panels {

enum class HeatmapScale { linear, log };

/// Owns one GL texture; released with the state (on the GUI thread, while the context lives).
class HeatmapTexture;
struct HeatmapState {
  HeatmapState();
  ~HeatmapState();
  HeatmapState(HeatmapState&&) noexcept;
  HeatmapState& operator=(HeatmapState&&) noexcept;

  std::unique_ptr<HeatmapTexture> texture;
  std::uint64_t version = 0;
  ui::ThemeKind theme = ui::ThemeKind::paper;
  HeatmapScale scale = HeatmapScale::linear, uploaded_scale = HeatmapScale::linear;
  float low = 0, high = 1;
  std::int64_t pinned_row = -1, pinned_col = -1;
  double row_from = 0, row_to = 0, col_from = 0, col_to = 0;  ///< what is in view, in cells
};

/// Item ids inside "heatmap/<key>": ##map, ##scale, ##fit, ##copy, ##export.
/// Wheel zooms at the mouse, drag moves, double click shows all.
void heatmap_panel(ui::Ui& ui, const Heatmap& map, std::uint64_t version, HeatmapState& state, ImVec2 size,
                   bool dimmed = false);
std::string heatmap_as_text(const Heatmap& map);

}  // namespace alab::panels
