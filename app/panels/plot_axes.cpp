// Ranges, ticks and number formats of plot axes.
// SPDX-License-Identifier: MIT
#include "app/panels/plot_axes.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <locale>
#include <set>

#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

struct Span {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();
  double smallest_positive = std::numeric_limits<double>::infinity();
  bool negative = false, zero = false;
  void add(double v) {
    if (!std::isfinite(v)) {
      return;
    }
    low = std::min(low, v);
    high = std::max(high, v);
    negative = negative || v < 0;
    zero = zero || v == 0;
    if (v > 0) {
      smallest_positive = std::min(smallest_positive, v);
    }
  }
  bool empty() const { return !(low <= high); }
};

Scaling scaling_of(const Span& span, bool log) {
  if (!log || span.empty()) {
    return Scaling::linear;
  }
  if (span.negative) {
    return Scaling::symlog;
  }
  return std::isfinite(span.smallest_positive) ? Scaling::log : Scaling::linear;
}

void set_range(AxisView& axis, const Span& span, bool from_zero) {
  axis.floor = 0;
  if (span.empty()) {
    axis.low = axis.scaling == Scaling::log ? 1 : 0;
    axis.high = axis.scaling == Scaling::log ? 10 : 1;
    return;
  }
  if (axis.scaling == Scaling::log) {
    double low = span.smallest_positive;
    double high = std::max(span.high, low);
    const double decades = std::max(std::log10(high / low), 0.3);
    low /= std::pow(10, 0.06 * decades);
    high *= std::pow(10, 0.10 * decades);
    if (span.zero) {
      axis.floor = low / std::pow(10, 0.12 * std::max(decades, 1.0));
      low = axis.floor / std::pow(10, 0.05 * std::max(decades, 1.0));
    }
    axis.low = low;
    axis.high = high;
    return;
  }
  if (axis.scaling == Scaling::symlog) {
    axis.low = span.low < 0 ? span.low * 2.5 : -0.5;
    axis.high = span.high > 0 ? span.high * 2.5 : 0.5;
    return;
  }
  double low = span.low;
  double high = span.high;
  if (from_zero && low > 0 && low < 0.6 * high) {
    low = 0;
  }
  const double width = high > low ? high - low : std::max(std::abs(high), 1.0);
  axis.low = from_zero && low == 0 ? 0 : low - 0.05 * width;
  axis.high = high + 0.09 * width;
}

DrawnSeries drawn(const Series& series, bool log_y) {
  DrawnSeries out;
  const std::size_t n = std::min(series.xs.size(), series.ys.size());
  std::vector<double> ys(series.ys.begin(), series.ys.begin() + static_cast<std::ptrdiff_t>(n));
  for (std::size_t i = 0; i < n; ++i) {
    if (!std::isfinite(ys[i])) {
      out.non_finite.push_back(series.xs[i]);
      ys[i] = std::numeric_limits<double>::quiet_NaN();
    } else if (log_y && ys[i] == 0) {
      out.zeros.push_back(series.xs[i]);
      ys[i] = std::numeric_limits<double>::quiet_NaN();
    }
  }
  out.points = reduce(series.xs, ys);
  return out;
}

/// 1, 2, 5 times a power of ten, so that about `most` steps cover the span.
double nice_step(double span, int most) {
  const double raw = span / std::max(most, 2);
  const double power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * 0.999) {
      return factor * power;
    }
  }
  return 10 * power;
}

std::vector<double> log_positions(double from, double to, int most) {
  const double low = std::log10(from);
  const double high = std::log10(to);
  std::vector<double> at;
  if (high - low < 2.3) {
    for (double decade = std::floor(low); decade <= high; decade += 1) {
      for (const double factor : {1.0, 2.0, 5.0}) {
        at.push_back(factor * std::pow(10, decade));
      }
    }
  } else {
    const int stride = std::max(1, static_cast<int>(std::ceil((high - low) / most)));
    const int first = static_cast<int>(std::floor(low / stride)) * stride;
    for (int decade = first; decade <= high; decade += stride) {
      at.push_back(std::pow(10, decade));
    }
  }
  std::erase_if(at, [&](double v) { return v < from * 0.999 || v > to * 1.001; });
  return at;
}

std::vector<double> symlog_positions(double from, double to, int most) {
  std::vector<double> at{0};
  const double largest = std::max(std::abs(from), std::abs(to));
  const int top = static_cast<int>(std::floor(std::log10(std::max(largest, 1.0))));
  const int stride = std::max(1, 2 * (top + 1) / std::max(most, 2));
  for (int decade = top >= 2 ? stride : 0; decade <= top; decade += stride) {  // 1 would touch the 0
    at.push_back(std::pow(10, decade));
    at.push_back(-std::pow(10, decade));
  }
  std::erase_if(at, [&](double v) { return v < from || v > to; });
  std::sort(at.begin(), at.end());
  return at;
}

std::vector<double> linear_positions(double from, double to, int most, bool whole) {
  std::vector<double> at;
  const double nice = nice_step(to - from, most);
  const double step = whole ? std::max(nice, 1.0) : nice;
  for (double v = std::ceil(from / step) * step; v <= to + step * 1e-6 && at.size() < 64; v += step) {
    at.push_back(std::abs(v) < step * 1e-9 ? 0.0 : v);
  }
  return at;
}

}  // namespace

Curve reduce(const std::vector<double>& xs, const std::vector<double>& ys, std::size_t limit) {
  const std::size_t n = std::min(xs.size(), ys.size());
  Curve out;
  if (n <= limit) {
    out.xs.assign(xs.begin(), xs.begin() + static_cast<std::ptrdiff_t>(n));
    out.ys.assign(ys.begin(), ys.begin() + static_cast<std::ptrdiff_t>(n));
    return out;
  }
  const std::size_t buckets = std::max<std::size_t>(limit / 2, 1);
  for (std::size_t b = 0; b < buckets; ++b) {
    const std::size_t begin = b * n / buckets;
    const std::size_t end = (b + 1) * n / buckets;
    std::size_t low = begin;
    std::size_t high = begin;
    for (std::size_t i = begin; i < end; ++i) {
      low = !(ys[low] <= ys[i]) ? i : low;  // a NaN at the bucket's start gives way to any number
      high = !(ys[high] >= ys[i]) ? i : high;
    }
    for (const std::size_t i : {std::min(low, high), std::max(low, high)}) {
      out.xs.push_back(xs[i]);
      out.ys.push_back(ys[i]);
    }
  }
  return out;
}

void prepare(const Plot& plot, const Curve* prediction, PlotState& state) {
  Span x;
  Span y;
  std::set<double> values;
  bool bars = false;
  for (const Series& series : plot.series) {
    bars = bars || series.style == SeriesStyle::bars;
    const std::size_t n = std::min(series.xs.size(), series.ys.size());
    for (std::size_t i = 0; i < n; ++i) {
      x.add(series.xs[i]);
      y.add(series.ys[i]);
      if (values.size() <= 12) {
        values.insert(series.xs[i]);
      }
    }
  }
  state.x.scaling = scaling_of(x, plot.x.log);
  state.y.scaling = scaling_of(y, plot.y.log);
  if (prediction != nullptr) {
    for (std::size_t i = 0; i < prediction->xs.size(); ++i) {
      x.add(prediction->xs[i]);
      if (state.y.scaling != Scaling::log || prediction->ys[i] > 0) {
        y.add(prediction->ys[i]);
      }
    }
  }
  set_range(state.x, x, false);
  const bool slopes = std::any_of(plot.series.begin(), plot.series.end(),
                                  [](const Series& s) { return std::isfinite(s.slope); });
  if (slopes) {  // labels stand to the right of the lines' ends
    state.x.high = state.x.scaling == Scaling::log ? state.x.high * std::pow(state.x.high / state.x.low, 0.09)
                                                   : state.x.high + 0.09 * (state.x.high - state.x.low);
  }
  set_range(state.y, y, bars);
  if (bars && state.x.scaling == Scaling::linear && !x.empty()) {
    const double half =
        x.high > x.low ? (x.high - x.low) / std::max<double>(1, static_cast<double>(values.size())) : 1;
    state.x.low = x.low - half * 0.7;
    state.x.high = x.high + half * 0.7;
  }
  state.x.whole = std::all_of(values.begin(), values.end(), [](double v) { return v == std::floor(v); });
  state.x.preferred.clear();
  if (!values.empty() && values.size() <= 12 && state.x.whole && (state.x.scaling == Scaling::log || bars)) {
    state.x.preferred.assign(values.begin(), values.end());
  }
  state.drawn_series.clear();
  for (const Series& series : plot.series) {
    state.drawn_series.push_back(drawn(series, state.y.scaling == Scaling::log));
  }
  state.x.from = state.x.low;
  state.x.to = state.x.high;
  state.y.from = state.y.low;
  state.y.to = state.y.high;
  state.prepared = true;
}

std::string_view hint_of(std::string_view unit) {
  if (unit == "bytes" || unit == "byte" || unit == "B") {
    return "bytes";
  }
  if (unit == "s" || unit == "seconds") {
    return "seconds";
  }
  return "";
}

std::string tick_text(double value, std::string_view unit, Scaling scaling) {
  const std::string_view hint = hint_of(unit);
  if (!hint.empty()) {
    std::string shown = format_value(value, hint);
    if (const std::size_t zeros = shown.find(".00 "); zeros != std::string::npos) {
      shown.erase(zeros, 3);
    } else if (const std::size_t zero = shown.find(".0 "); zero != std::string::npos) {
      shown.erase(zero, 2);
    }
    return shown;
  }
  const double size = std::abs(value);
  const bool far = scaling == Scaling::linear ? size >= 1e7 : size >= 1e5 || size <= 1e-3;
  if (far && size > 0) {
    const double decade = std::floor(std::log10(size) + 1e-9);
    const double digits = std::round(value / std::pow(10, decade) * 100) / 100;
    return text(digits, "e", static_cast<int>(decade));
  }
  if (size >= 1 && size < 1e7 && std::abs(value - std::round(value)) < 1e-9 * size) {
    return format_value(std::round(value), "count");
  }
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out.precision(4);
  out << value;
  return out.str();
}

namespace {

/// Drops what stands closer to its right neighbour than a label is wide, when most labels fill the axis.
std::vector<double> apart(std::vector<double> at, const AxisView& axis, double from, double to, int most) {
  const auto place = [&](double v) { return axis.scaling == Scaling::log ? std::log(v) : v; };
  const double least = 0.7 * (place(to) - place(from)) / std::max(most, 1);
  std::vector<double> kept;
  for (auto v = at.rbegin(); v != at.rend(); ++v) {
    if (kept.empty() || place(kept.back()) - place(*v) >= least) {
      kept.push_back(*v);
    }
  }
  std::reverse(kept.begin(), kept.end());
  return kept;
}

}  // namespace

Ticks ticks_of(const AxisView& axis, std::string_view unit, int most) {
  Ticks ticks;
  const double from = std::min(axis.from, axis.to);
  const double to = std::max(axis.from, axis.to);
  if (!std::isfinite(from) || !std::isfinite(to) || !(from < to)) {
    return ticks;
  }
  std::vector<double> at;
  for (const double v : axis.preferred) {
    if (v >= from && v <= to) {
      at.push_back(v);
    }
  }
  const bool chosen = at.size() >= 2;
  if (!chosen) {
    at = axis.scaling == Scaling::log      ? log_positions(std::max(from, 1e-300), to, most)
         : axis.scaling == Scaling::symlog ? symlog_positions(from, to, most)
                                           : linear_positions(from, to, most, axis.whole);
  }
  const std::size_t stride = std::max<std::size_t>(
      1, (at.size() + static_cast<std::size_t>(most) - 1) / static_cast<std::size_t>(std::max(most, 1)));
  std::vector<double> thinned;
  for (std::size_t i = (at.size() - 1) % stride; i < at.size(); i += stride) {
    thinned.push_back(at[i]);
  }
  for (const double v : chosen ? apart(std::move(thinned), axis, from, to, most) : thinned) {
    if (axis.floor > 0 && std::log(v / axis.floor) < 0.6 * std::log(to / from) / std::max(most, 1)) {
      continue;  // the 0 stands here
    }
    ticks.at.push_back(v);
    ticks.labels.push_back(tick_text(v, unit, axis.scaling));
  }
  if (axis.floor > 0 && axis.floor >= from) {
    ticks.at.insert(ticks.at.begin(), axis.floor);
    ticks.labels.insert(ticks.labels.begin(), "0");
  }
  return ticks;
}

std::string axis_title(const Axis& axis) {
  return axis.unit.empty() ? axis.label : text(axis.label, " (", axis.unit, ")");
}

std::string value_text(double value, const Axis& axis) {
  const std::string_view hint = hint_of(axis.unit);
  if (!hint.empty()) {
    return format_value(value, hint);
  }
  const bool whole = std::abs(value) < 1e12 && value == std::floor(value);
  const std::string number = format_value(value, whole ? "count" : "");
  return axis.unit.empty() || axis.unit == "1" ? number : text(number, " ", axis.unit);
}

std::string plot_as_text(const Plot& plot) {
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out.precision(17);
  out << "# " << plot.title << "\n";
  for (const Series& series : plot.series) {
    out << "# " << series.label << " (" << to_string(series.provenance.kind) << ": "
        << series.provenance.source << ")\n";
    out << axis_title(plot.x) << "\t" << axis_title(plot.y) << "\n";
    for (std::size_t i = 0; i < std::min(series.xs.size(), series.ys.size()); ++i) {
      out << series.xs[i] << "\t" << series.ys[i] << "\n";
    }
  }
  return out.str();
}

}  // namespace alab::panels
