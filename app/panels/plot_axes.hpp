// Ranges, ticks and number formats of plot axes. Pure: no ImGui, tested without a window.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/panels/plot_panel.hpp"

namespace alab::panels {

struct Ticks {
  std::vector<double> at;
  std::vector<std::string> labels;
};

/// Fills state.drawn_series, state.x and state.y from the plot (and the prediction, so that both are in
/// view).
void prepare(const Plot& plot, const Curve* prediction, PlotState& state);
/// Ticks for what is in view, at most about `most` of them.
Ticks ticks_of(const AxisView& axis, std::string_view unit, int most);
/// 4,096 · 64 kB · 3.2 ms · 2e-07, by the axis' unit.
std::string tick_text(double value, std::string_view unit, Scaling scaling);
/// "sequence length (tokens)".
std::string axis_title(const Axis& axis);
/// Formatter's hint for a unit: bytes, seconds, or "".
std::string_view hint_of(std::string_view unit);
/// A value with its unit, for hover texts.
std::string value_text(double value, const Axis& axis);

}  // namespace alab::panels
