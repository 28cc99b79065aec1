// SPDX-License-Identifier: MIT
#include "reference/core/result.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <set>

#include "reference/core/error.hpp"

namespace alab {
namespace {

template <class T>
const T* by_key(const std::vector<T>& items, std::string_view key) {
  const auto at = std::find_if(items.begin(), items.end(), [&](const T& item) { return item.key == key; });
  return at == items.end() ? nullptr : &*at;
}

std::string printed(const char* format, double value) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

std::string scaled(double value, double step, std::initializer_list<const char*> units) {
  const char* unit = *units.begin();
  for (const char* next : units) {
    unit = next;
    if (std::abs(value) < step || next == *(units.end() - 1)) {
      break;
    }
    value /= step;
  }
  return printed(std::abs(value) >= 100 || value == std::floor(value) ? "%.0f " : "%.3g ", value) + unit;
}

std::string seconds_text(double value) {
  const double size = std::abs(value);
  if (size >= 1) {
    return printed("%.3g s", value);
  }
  if (size >= 1e-3) {
    return printed("%.3g ms", value * 1e3);
  }
  return printed("%.3g us", value * 1e6);
}

std::string grouped(double value) {
  std::string digits = printed("%.0f", std::abs(value));
  for (std::size_t i = digits.size(); i > 3; i -= 3) {
    digits.insert(i - 3, ",");
  }
  return (value < 0 ? "-" : "") + digits;
}

std::string plot_problem(const Plot& plot) {
  if (plot.title.empty() || plot.x.label.empty() || plot.y.label.empty() || plot.note.empty()) {
    return text("plot '", plot.key, "' lacks a title, an axis label or its note");
  }
  for (const Series& series : plot.series) {
    if (series.xs.size() != series.ys.size()) {
      return text("series '", series.key, "' of plot '", plot.key, "' has ", series.xs.size(), " x and ",
                  series.ys.size(), " y values");
    }
    if (series.label.empty() || series.provenance.source.empty()) {
      return text("series '", series.key, "' of plot '", plot.key, "' lacks a label or a provenance source");
    }
  }
  return "";
}

std::string heatmap_problem(const Heatmap& map) {
  const auto cells = static_cast<std::size_t>(map.rows * map.cols);
  const bool sizes =
      map.values.size() == cells && (map.detail.empty() || map.detail.size() == cells) &&
      (map.row_labels.empty() || map.row_labels.size() == static_cast<std::size_t>(map.rows)) &&
      (map.col_labels.empty() || map.col_labels.size() == static_cast<std::size_t>(map.cols));
  if (!sizes) {
    return text("heatmap '", map.key, "' of ", map.rows, " x ", map.cols,
                " has values or labels of another size");
  }
  if (map.title.empty() || map.note.empty() || map.provenance.source.empty()) {
    return text("heatmap '", map.key, "' lacks a title, its note or a provenance source");
  }
  return "";
}

std::string table_problem(const Table& table) {
  for (const auto& row : table.rows) {
    if (row.size() != table.columns.size()) {
      return text("table '", table.key, "' has a row of ", row.size(), " cells under ", table.columns.size(),
                  " columns");
    }
    for (const Cell& cell : row) {
      if (cell.has_number && cell.provenance.source.empty()) {
        return text("table '", table.key, "' has a number without a provenance source");
      }
    }
  }
  return "";
}

std::string stepper_problem(const Stepper& stepper) {
  for (const Frame& frame : stepper.frames) {
    const bool inside =
        0 <= frame.row && frame.row < stepper.rows && 0 <= frame.col && frame.col < stepper.cols;
    if (!inside || frame.values.size() != stepper.quantities.size() || frame.caption.empty()) {
      return text("stepper '", stepper.key, "' has a frame outside its grid, without a caption or with ",
                  frame.values.size(), " values for ", stepper.quantities.size(), " quantities");
    }
  }
  if (!has_map(stepper)) {
    return stepper.provenance.source.empty() ? text("stepper '", stepper.key, "' lacks a provenance source")
                                             : "";
  }
  const auto needed = stepper.frames.size() * static_cast<std::size_t>(stepper.map.rows * stepper.map.cols);
  if (stepper.map_values.size() != needed) {
    return text("stepper '", stepper.key, "' has ", stepper.map_values.size(), " map values where ", needed,
                " are needed");
  }
  return heatmap_problem(stepper.map);
}

}  // namespace

bool has_map(const Stepper& stepper) {
  return stepper.map.rows > 0 && stepper.map.cols > 0;
}

Heatmap map_at(const Stepper& stepper, std::int64_t frame) {
  Heatmap map = stepper.map;
  const std::int64_t cells = map.rows * map.cols;
  const auto last = static_cast<std::int64_t>(stepper.frames.size()) - 1;
  const auto first = stepper.map_values.begin() + std::clamp<std::int64_t>(frame, 0, last) * cells;
  map.values.assign(first, first + cells);
  return map;
}

std::string_view to_string(Provenance::Kind kind) {
  constexpr std::array<std::string_view, 5> names{"measured", "counted", "modelled", "recorded", "paper"};
  return names.at(static_cast<std::size_t>(kind));
}

std::string_view to_string(Frame::Kind kind) {
  constexpr std::array<std::string_view, 5> names{"load", "compute", "skip", "rescale", "finish"};
  return names.at(static_cast<std::size_t>(kind));
}

Check check_between(std::string key, std::string label, double value, double low, double high,
                    Provenance provenance) {
  return {std::move(key), std::move(label), value, low, high, std::move(provenance), false, ""};
}
Check check_at_most(std::string key, std::string label, double value, double bound, Provenance provenance) {
  return check_between(std::move(key), std::move(label), value, 0, bound, std::move(provenance));
}
Check check_exactly(std::string key, std::string label, double value, double expected,
                    Provenance provenance) {
  return check_between(std::move(key), std::move(label), value, expected, expected, std::move(provenance));
}

const Scalar* Result::scalar(std::string_view key) const {
  return by_key(scalars, key);
}
const Plot* Result::plot(std::string_view key) const {
  return by_key(plots, key);
}
const Check* Result::check(std::string_view key) const {
  return by_key(checks, key);
}
const Heatmap* Result::heatmap(std::string_view key) const {
  return by_key(heatmaps, key);
}
const Table* Result::table(std::string_view key) const {
  return by_key(tables, key);
}
const Stepper* Result::stepper(std::string_view key) const {
  return by_key(steppers, key);
}

bool Result::passed() const {
  return std::all_of(checks.begin(), checks.end(),
                     [](const Check& check) { return check.lamp || check.passed(); });
}

std::string format_value(double value, std::string_view hint) {
  if (std::isnan(value)) {
    return "NaN";
  }
  if (std::isinf(value)) {
    return value > 0 ? "inf" : "-inf";
  }
  if (hint == "bytes") {
    return scaled(value, 1000, {"B", "kB", "MB", "GB", "TB"});
  }
  if (hint == "seconds") {
    return seconds_text(value);
  }
  if (hint == "count" && std::abs(value) < 1e15) {
    return grouped(value);
  }
  if (hint == "error") {
    return value == 0 ? "0" : printed("%.1e", value);
  }
  if (hint == "ratio") {
    return printed("%.3gx", value);
  }
  return printed("%.4g", value);
}

double loglog_slope(const std::vector<double>& xs, const std::vector<double>& ys) {
  double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
  for (std::size_t i = 0; i < std::min(xs.size(), ys.size()); ++i) {
    if (xs[i] > 0 && ys[i] > 0) {
      const double x = std::log(xs[i]);
      const double y = std::log(ys[i]);
      n += 1;
      sx += x;
      sy += y;
      sxx += x * x;
      sxy += x * y;
    }
  }
  const double spread = n * sxx - sx * sx;
  return n >= 2 && spread > 0 ? (n * sxy - sx * sy) / spread : std::nan("");
}

std::string problems_of(const Result& result) {
  std::set<std::string, std::less<>> keys;
  std::string problem;
  const auto note = [&](const std::string& what) { problem = problem.empty() ? what : problem; };
  const auto unique = [&](const std::string& key) {
    if (key.empty() || !keys.insert(key).second) {
      note(text("key '", key, "' is empty or used twice"));
    }
  };
  for (const Scalar& s : result.scalars) {
    unique(s.key);
    if (s.label.empty() || s.provenance.source.empty()) {
      note(text("scalar '", s.key, "' lacks a label or a provenance source"));
    }
  }
  for (const Plot& p : result.plots) {
    unique(p.key);
    note(plot_problem(p));
  }
  for (const Heatmap& h : result.heatmaps) {
    unique(h.key);
    note(heatmap_problem(h));
  }
  for (const Table& t : result.tables) {
    unique(t.key);
    note(table_problem(t));
  }
  for (const Stepper& s : result.steppers) {
    unique(s.key);
    note(stepper_problem(s));
  }
  for (const Check& c : result.checks) {
    unique(c.key);
    if (c.label.empty() || c.provenance.source.empty()) {
      note(text("check '", c.key, "' lacks a label or a provenance source"));
    }
  }
  return problem;
}

}  // namespace alab
