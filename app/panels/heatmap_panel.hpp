// A Heatmap of a Result: one texture with nearest filtering, made when the Result changes; token labels,
// colour bar, hover with both tokens, the value and the detail behind it; a click pins a cell.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/panels/heatmap_texture.hpp"
#include "app/ui/widgets.hpp"

namespace alab::panels {

enum class HeatmapScale { linear, log };

/// What is in view, in cells.
struct CellView {
  double row_from = 0, row_to = 0, col_from = 0, col_to = 0;
};

/// Owns one GL texture: destroy it on the GUI thread, while the context lives.
struct HeatmapState {
  std::unique_ptr<HeatmapTexture> texture;
  std::uint64_t version = 0;
  ui::ThemeKind theme = ui::ThemeKind::paper;
  HeatmapScale scale = HeatmapScale::linear, uploaded_scale = HeatmapScale::linear;
  float low = 0, high = 1;  ///< colours span these values
  bool keep_range = false;  ///< the caller has measured: maps that follow each other share their colours
  float smallest_positive = 0;
  bool has_masked = false;
  bool few_integers = false;  ///< classes rather than magnitudes: the colour bar shows each
  bool log_helps = false;     ///< the values span more than a linear scale can show
  std::int64_t pinned_row = -1, pinned_col = -1;
  std::int64_t hover_row = -1, hover_col = -1;  ///< in this frame; -1 outside
  CellView view;
  std::int64_t rows = 0, cols = 0;           ///< of the map that view belongs to
  float row_label_em = 0, col_label_em = 0;  ///< widest labels
};

/// Item ids inside "heatmap:<key>": map, scale, ##fit/button, ##copy/button, ##export/button.
/// Wheel zooms at the mouse, drag moves, double click shows all; a click pins, arrows move the pin.
void heatmap_panel(ui::Ui& ui, const Heatmap& map, std::uint64_t version, HeatmapState& state, ImVec2 size,
                   bool dimmed = false);
/// The map with its labels and colour bar alone, at pos; returns the lower right end of what it drew.
ImVec2 heatmap_body(ui::Ui& ui, const Heatmap& map, std::uint64_t version, HeatmapState& state, ImVec2 pos,
                    ImVec2 box);
/// What is under the mouse or pinned, as one line.
void heatmap_readout(ui::Ui& ui, const Heatmap& map, const HeatmapState& state, float width);
std::string heatmap_as_text(const Heatmap& map);

/// Colours of the map, row-major, each texel the largest magnitude of a pool x pool block; masked cells are
/// clear.
std::vector<ImU32> heatmap_pixels(const Heatmap& map, const HeatmapState& state, int pool, bool dark);
/// Finite range, masked cells; symmetric about zero for diverging maps.
void measure(const Heatmap& map, HeatmapState& state);
/// Position of value on the colour scale, 0 .. 1.
float color_position(const Heatmap& map, const HeatmapState& state, float value);

}  // namespace alab::panels
