// The marks of a plot: lines, bars, markers, crosses for what is not finite, slopes beside the lines.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "app/panels/plot_panel.hpp"

namespace alab::panels {

/// What drawing a plot needs to know; colours are chosen once per frame.
struct PlotMarks {
  const ui::Ui& ui;
  const Plot& plot;
  const PlotState& state;
  std::vector<ImVec4> colors;  ///< one per series
};

/// A linked series wears its link's colour; the others take what is left, in order.
PlotMarks marks_of(const ui::Ui& ui, const Plot& plot, const PlotState& state);
bool has_markers(const Series& series);
void dashed_line(ImDrawList* draw, ImVec2 a, ImVec2 b, ImU32 color, float thick, float* phase);
/// The marker of series number index, for the legend.
void draw_marker_sample(ImDrawList* draw, ImVec2 centre, float radius, std::size_t index, ImU32 color);

// Between BeginPlot and EndPlot:
void draw_curve_dashed(const Curve& curve, ImU32 color, float thick);
void draw_series(const PlotMarks& marks, std::size_t index);
/// "slope 1.98" to the right of each fitted line's end, moved apart where they would touch.
void draw_slopes(const PlotMarks& marks);

}  // namespace alab::panels
