// The parts around a heatmap: token labels, colour bar, hatching of masked cells.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "app/panels/heatmap_panel.hpp"

namespace alab::panels {

/// Where cells lie on screen.
struct Geometry {
  ImVec2 low, high;  ///< the map on screen
  float cell_w = 1, cell_h = 1;
  float x(double col, const CellView& v) const {
    return low.x + static_cast<float>(col - v.col_from) * cell_w;
  }
  float y(double row, const CellView& v) const {
    return low.y + static_cast<float>(row - v.row_from) * cell_h;
  }
};

std::string label_at(const std::vector<std::string>& labels, std::int64_t i);
/// Text turned by 90 degrees, reading upwards; pos is the upper left corner of its box.
void vertical_text(ImDrawList* draw, ImVec2 pos, ImU32 color, const char* begin, const char* end);
void draw_row_labels(const ui::Ui& ui, const Heatmap& map, const HeatmapState& state, const Geometry& g,
                     float gutter);
void draw_col_labels(const ui::Ui& ui, const Heatmap& map, const HeatmapState& state, const Geometry& g,
                     float gutter);
void draw_hatch(const ui::Ui& ui, const Geometry& g);
void draw_color_bar(const ui::Ui& ui, const Heatmap& map, const HeatmapState& state, ImVec2 pos,
                    float height);
/// "masked" with its hatching.
void masked_swatch(const ui::Ui& ui, ImVec2 pos);

}  // namespace alab::panels
