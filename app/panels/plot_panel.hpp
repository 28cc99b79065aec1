// A Plot of a Result on ImPlot: finding as title, axes with units, fitted slopes, provenance, the student's
// prediction first and the truth after it; and the empty plot on which a prediction is drawn with the mouse.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
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

struct PlotState {
  std::uint64_t version = 0;      ///< of the Result the caches below belong to
  std::vector<Curve> reduced;     ///< one per series, at most kMaxDrawnPoints
  std::vector<int> worst_provenance;
  std::string title, note;        ///< wrapped once
  double x_min = 0, x_max = 0, y_min = 0, y_max = 0;
  double shown_since = -1;        ///< when the truth began to be drawn
  bool fit_next = true;
  Curve drawn;                    ///< what the student is drawing
  bool stroke = false;
};

/// A series of more points is reduced once, keeping the smallest and largest of each bucket.
inline constexpr std::size_t kMaxDrawnPoints = 2000;

struct PlotOptions {
  const Curve* prediction = nullptr;  ///< drawn dashed, before the truth
  bool hide_truth = false;            ///< axes only: a prediction is still open
  bool dimmed = false;                ///< stale
  bool compact = false;               ///< no note, small margins
};

/// Item ids inside "plot/<key>": ##copy, ##export, ##fit. size 0 = available.
void plot_panel(ui::Ui& ui, const Plot& plot, std::uint64_t version, PlotState& state, ImVec2 size,
                const PlotOptions& options = {});
/// The same axes, empty: press and drag to draw, Clear starts again. True in the frames where the curve changed;
/// the curve is state.drawn. Item ids inside "draw/<key>": ##clear.
bool draw_curve_panel(ui::Ui& ui, const Plot& axes, PlotState& state, ImVec2 size);

/// What copy puts on the clipboard: one block of tab-separated columns per series.
std::string plot_as_text(const Plot& plot);

}  // namespace alab::panels
