// A Plot of a Result on ImPlot: finding as title, axes with units, fitted slopes, provenance, the student's
// prediction first and the truth after it; and the empty plot on which a prediction is drawn with the mouse.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "app/ui/widgets.hpp"

namespace alab::panels {

/// Points in data coordinates, x ascending.
struct Curve {
  std::vector<double> xs, ys;
  bool empty() const { return xs.empty(); }
  friend bool operator==(const Curve&, const Curve&) = default;
};

/// A series as it is drawn: reduced once, points that no axis can show set aside.
struct DrawnSeries {
  Curve points;
  std::vector<double> zeros;       ///< xs of exact zeros on a log axis: shown on the floor, marked 0
  std::vector<double> non_finite;  ///< xs of NaN and inf: shown as crosses along the top
};

enum class Scaling { linear, log, symlog };

/// One axis: what it spans and how. from and to are ImPlot's own limits, moved by panning and zooming.
struct AxisView {
  Scaling scaling = Scaling::linear;
  double low = 0, high = 1;  ///< of the data, with room
  double from = 0, to = 1;
  double floor = 0;               ///< where exact zeros of a log axis stand; 0 = there are none
  bool whole = false;             ///< the data are integers: no ticks between them
  std::vector<double> preferred;  ///< ticks at the data's own values, when there are few
};

struct PlotState {
  std::uint64_t version = 0;  ///< of the Result the caches below belong to
  bool prepared = false;
  std::size_t predicted = 0;  ///< points of the prediction that the ranges take in
  std::vector<DrawnSeries> drawn_series;
  AxisView x, y;
  std::set<std::string, std::less<>> hidden;  ///< series switched off in the legend
  double shown_since = -1;                    ///< when the truth began to be drawn; -1: not yet
  bool revealing = false;
  bool refit = true;
  Curve drawn;  ///< what the student is drawing
  double last_x = 0, last_y = 0;
  bool stroke = false;
};

/// A series of more points is reduced once, keeping the smallest and largest of each bucket.
inline constexpr std::size_t kMaxDrawnPoints = 2000;

struct PlotOptions {
  const Curve* prediction = nullptr;  ///< drawn dashed, before the truth
  bool hide_truth = false;            ///< axes only: a prediction is still open
  bool dimmed = false;                ///< stale
  bool compact = false;               ///< no note
};

/// Item ids inside "plot:<key>": ##fit/button, ##copy/button, ##export/button, legend entries legend/<series
/// key>. Double click on the plot shows all. size 0 = available.
void plot_panel(ui::Ui& ui, const Plot& plot, std::uint64_t version, PlotState& state, ImVec2 size,
                const PlotOptions& options = {});
/// The same axes, empty: press and drag to draw. True in the frames where the curve changed; it is
/// state.drawn. Item ids inside "draw:<key>": clear, and on log-log axes slope0, slope1, slope2 for hands
/// without a mouse.
bool draw_curve_panel(ui::Ui& ui, const Plot& axes, std::uint64_t version, PlotState& state, ImVec2 size);
/// True while a reveal is being drawn.
inline bool wants_frames(const PlotState& state) {
  return state.revealing;
}

/// What copy puts on the clipboard: one block of tab-separated columns per series.
std::string plot_as_text(const Plot& plot);

/// At most limit points: ends, and the extremes of each bucket, order kept.
Curve reduce(const std::vector<double>& xs, const std::vector<double>& ys,
             std::size_t limit = kMaxDrawnPoints);

}  // namespace alab::panels
