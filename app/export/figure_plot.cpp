// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <set>

#include "app/export/figures.hpp"
#include "reference/core/error.hpp"

namespace alab {
namespace {

constexpr double kWidth = 760, kLeft = 84, kRight = 24, kPlotHeight = 330;
constexpr Color kInk = rgb(0x22262b), kQuiet = rgb(0x5d636b), kGrid = rgb(0xe4e0d7), kFrame = rgb(0xb9b4a8),
                kGround = rgb(0xffffff);

struct Range {
  double low = std::numeric_limits<double>::infinity(), high = -std::numeric_limits<double>::infinity();
  void include(double value, bool log) {
    if (std::isfinite(value) && (!log || value > 0)) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  bool empty() const { return !(low <= high); }
};

std::string axis_text(const Axis& axis) {
  return axis.unit.empty() ? axis.label : text(axis.label, " (", axis.unit, ")");
}

std::string legend_text(const Series& s) {
  const std::string slope =
      std::isfinite(s.slope) ? text(", slope ", format_value(std::round(s.slope * 100) / 100, "")) : "";
  return text(s.label, slope, "  [", to_string(s.provenance.kind), "]");
}

std::vector<std::string> sources_of(const Plot& plot) {
  std::set<std::string> seen;
  std::vector<std::string> out;
  for (const Series& s : plot.series) {
    const std::string line = text(to_string(s.provenance.kind), ": ", s.provenance.source);
    if (seen.insert(line).second) {
      out.push_back(line);
    }
  }
  return out;
}

class PlotFigure {
 public:
  PlotFigure(Plot plot, std::string origin) : plot_(std::move(plot)) {
    title_ = wrapped(plot_.title, title_style(), kWidth - 48);
    note_ = wrapped(plot_.note, small(), kWidth - 48);
    for (const std::string& source : sources_of(plot_)) {
      for (std::string& line : wrapped(source, small(), kWidth - 48)) {
        footer_.push_back(std::move(line));
      }
    }
    for (std::string& line : wrapped(origin, small(), kWidth - 48)) {
      footer_.push_back(std::move(line));
    }
    top_ = 22 + 22 * static_cast<double>(title_.size()) + 17 * static_cast<double>(note_.size());
    bottom_ = top_ + kPlotHeight;
  }

  double height() const {
    return bottom_ + 62 + 20 * static_cast<double>(plot_.series.size()) +
           16 * static_cast<double>(footer_.size()) + 12;
  }

  void draw(Canvas& canvas) const {
    canvas.rectangle({0, 0}, kWidth, height(), rgb(0xfbfaf7));
    double y = 30;
    for (const std::string& line : title_) {
      canvas.label({24, y}, line, title_style());
      y += 22;
    }
    for (const std::string& line : note_) {
      canvas.label({24, y}, line, small());
      y += 17;
    }
    canvas.rectangle({kLeft, top_}, kWidth - kLeft - kRight, kPlotHeight, kGround);
    Range xs, ys;
    for (const Series& s : plot_.series) {
      for (std::size_t i = 0; i < s.xs.size(); ++i) {
        xs.include(s.xs[i], plot_.x.log);
        ys.include(s.ys[i], plot_.y.log);
      }
    }
    if (xs.empty() || ys.empty()) {
      canvas.label({kWidth / 2, top_ + kPlotHeight / 2}, "nothing finite to draw",
                   {13, kQuiet, Align::middle});
    } else {
      const Scale x(plot_.x, xs.low, xs.high, kLeft, kWidth - kRight);
      const Scale v(plot_.y, ys.low, ys.high, bottom_, top_);
      draw_axes(canvas, x, v);
      canvas.clip({kLeft, top_}, kWidth - kLeft - kRight, kPlotHeight);
      for (std::size_t i = 0; i < plot_.series.size(); ++i) {
        draw_series(canvas, x, v, plot_.series[i], i);
      }
      canvas.unclip();
    }
    draw_legend(canvas);
  }

 private:
  static TextStyle title_style() { return {16, kInk, Align::start, true}; }
  static TextStyle small() { return {12, kQuiet}; }
  /// Series that share a colour count once.
  Color color_of(std::size_t index) const {
    std::size_t place = 0;
    for (std::size_t i = 0; i < index; ++i) {
      place += plot_.series[i].twin.empty() ? 1 : 0;
      if (!plot_.series[index].twin.empty() && plot_.series[i].key == plot_.series[index].twin) {
        return color_of(i);
      }
    }
    return series_color(place);
  }
  static Marker marker_of(std::size_t i) { return static_cast<Marker>(i % 5); }

  void draw_axes(Canvas& canvas, const Scale& x, const Scale& v) const {
    for (const double tick : x.ticks()) {
      canvas.polyline({{x(tick), top_}, {x(tick), bottom_}}, kGrid, 1, false);
      canvas.label({x(tick), bottom_ + 17}, tick_label(tick), {12, kInk, Align::middle});
    }
    for (const double tick : v.ticks()) {
      canvas.polyline({{kLeft, v(tick)}, {kWidth - kRight, v(tick)}}, kGrid, 1, false);
      canvas.label({kLeft - 7, v(tick) + 4}, tick_label(tick), {12, kInk, Align::end});
    }
    canvas.polyline({{kLeft, top_}, {kLeft, bottom_}, {kWidth - kRight, bottom_}}, kFrame, 1.2, false);
    canvas.label({(kLeft + kWidth - kRight) / 2, bottom_ + 38}, axis_text(plot_.x),
                 {13, kInk, Align::middle});
    canvas.label({22, (top_ + bottom_) / 2}, axis_text(plot_.y), {13, kInk, Align::middle, false, true});
  }

  void draw_series(Canvas& canvas, const Scale& x, const Scale& v, const Series& s, std::size_t index) const {
    const Color color = color_of(index);
    std::vector<Point> run;
    const auto flush = [&] {
      if (s.style != SeriesStyle::markers && s.style != SeriesStyle::bars) {
        canvas.polyline(run, color, 2.2, s.style == SeriesStyle::dashed);
      }
      run.clear();
    };
    const double bar =
        0.6 * (kWidth - kLeft - kRight) / std::max<double>(1, static_cast<double>(s.xs.size()));
    for (std::size_t i = 0; i < s.xs.size(); ++i) {
      if (!x.shows(s.xs[i]) || !v.shows(s.ys[i])) {
        flush();
        continue;
      }
      const Point p{x(s.xs[i]), v(s.ys[i])};
      run.push_back(p);
      if (s.style == SeriesStyle::bars) {
        const double base = v.shows(0) ? std::min(bottom_, v(0)) : bottom_;
        canvas.rectangle({p.x - bar / 2, std::min(p.y, base)}, bar, std::abs(base - p.y), color);
      } else if (s.style == SeriesStyle::markers ||
                 (s.style == SeriesStyle::line_and_markers && s.xs.size() <= 64)) {
        canvas.marker(p, marker_of(index), 3.6, color);
      }
    }
    flush();
  }

  void draw_legend(Canvas& canvas) const {
    double y = bottom_ + 62;
    for (std::size_t i = 0; i < plot_.series.size(); ++i) {
      const Series& s = plot_.series[i];
      if (s.style != SeriesStyle::markers) {
        canvas.polyline({{kLeft, y - 4}, {kLeft + 28, y - 4}}, color_of(i),
                        s.style == SeriesStyle::bars ? 8 : 2.2, s.style == SeriesStyle::dashed);
      }
      if (s.style == SeriesStyle::markers || s.style == SeriesStyle::line_and_markers) {
        canvas.marker({kLeft + 14, y - 4}, marker_of(i), 3.6, color_of(i));
      }
      canvas.label({kLeft + 38, y}, fitted_text(legend_text(s), {13, kInk}, kWidth - kLeft - 60), {13, kInk});
      y += 20;
    }
    for (const std::string& line : footer_) {
      canvas.label({24, y + 2}, line, small());
      y += 16;
    }
  }

  Plot plot_;
  std::vector<std::string> title_, note_, footer_;
  double top_ = 0, bottom_ = 0;
};

}  // namespace

Color series_color(std::size_t index) {
  constexpr std::array<std::uint32_t, 8> kOkabeIto{0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7,
                                                   0xe69f00, 0x56b4e9, 0x22262b, 0x8a6d00};
  return rgb(kOkabeIto.at(index % kOkabeIto.size()));
}

Figure figure_of(const Plot& plot, const std::string& origin) {
  const auto drawn = std::make_shared<PlotFigure>(plot, origin);
  return {plot.key, plot.title, kWidth, drawn->height(), [drawn](Canvas& canvas) { drawn->draw(canvas); }};
}

std::vector<Figure> figures_of(const Result& result) {
  const std::string origin = text(result.lab, "/", result.experiment, result.params.empty() ? "" : "; ",
                                  result.params, result.input.empty() ? "" : "; input: ", result.input);
  std::vector<Figure> out;
  for (const Plot& plot : result.plots) {
    out.push_back(figure_of(plot, origin));
  }
  for (const Heatmap& map : result.heatmaps) {
    out.push_back(figure_of(map, origin));
  }
  for (const Stepper& stepper : result.steppers) {
    out.push_back(figure_of(stepper, origin));
    if (has_map(stepper) && !stepper.frames.empty()) {
      out.push_back(film_of(stepper, origin));
    }
  }
  return out;
}

std::string svg_of(const Figure& figure) {
  const auto canvas = svg_canvas(figure.width, figure.height, figure.title);
  figure.draw(*canvas);
  return canvas->finish();
}

std::string png_of(const Figure& figure) {
  const auto canvas = png_canvas(figure.width, figure.height);
  figure.draw(*canvas);
  return canvas->finish();
}

}  // namespace alab
