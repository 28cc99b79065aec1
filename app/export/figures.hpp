// Figures of a Result: how a plot, a heatmap or a stepper is laid out on a canvas.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "app/export/canvas.hpp"
#include "reference/core/result.hpp"

namespace alab {

/// A figure that knows its size and draws itself on any canvas.
struct Figure {
  std::string key, title;
  double width = 0, height = 0;
  std::function<void(Canvas&)> draw;
};

/// origin: one line under the figure, such as "ch10_02_flash_tiling/traffic, seq_len=1024, normal, seed 42".
Figure figure_of(const Plot& plot, const std::string& origin);
Figure figure_of(const Heatmap& map, const std::string& origin);
/// What happens at each step, and each quantity after it on a scale of its own.
Figure figure_of(const Stepper& stepper, const std::string& origin);
/// Up to eight moments of the map of a stepper on one colour scale; its key is the stepper's with "_map".
/// @throws Error when the stepper has no map
Figure film_of(const Stepper& stepper, const std::string& origin);
/// Plots, heatmaps and steppers (with their maps) in the order of the Result.
std::vector<Figure> figures_of(const Result& result);

std::string svg_of(const Figure& figure);
std::string png_of(const Figure& figure);

/// Okabe-Ito, in the order series take them.
Color series_color(std::size_t index);
/// viridis for 0..1, or blue-white-vermilion for diverging data; NaN is the colour of "outside".
Color cell_color(double value, bool diverging);

/// Where values stand on an axis: nice ticks, linear or in decades.
class Scale {
 public:
  Scale(const Axis& axis, double low, double high, double from, double to);
  double operator()(double value) const;
  const std::vector<double>& ticks() const { return ticks_; }
  bool shows(double value) const;

 private:
  double map(double value) const;
  bool log_;
  double low_, high_, from_, to_;
  std::vector<double> ticks_;
};
std::string tick_label(double value);

}  // namespace alab
