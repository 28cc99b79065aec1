// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <memory>

#include "app/export/figures.hpp"
#include "reference/core/error.hpp"

namespace alab {
namespace {

constexpr double kWidth = 760, kMapSide = 520;
constexpr double kFlat = 0.35;           // place on the colour scale of a map that has one value
constexpr std::int64_t kMaxCells = 256;  // per axis; larger maps are averaged
constexpr std::int64_t kMaxLabels = 48;  // per axis; above, every n-th label is shown
constexpr Color kInk = rgb(0x22262b), kQuiet = rgb(0x5d636b);

// At most kMaxCells rows and columns: each cell is the mean of its block's finite values, NaN when it has
// none.
struct Cells {
  std::int64_t rows = 0, cols = 0, row_block = 1, col_block = 1;
  std::vector<double> values;
};

Cells averaged(const Heatmap& map) {
  Cells out;
  out.row_block = (map.rows + kMaxCells - 1) / kMaxCells;
  out.col_block = (map.cols + kMaxCells - 1) / kMaxCells;
  out.rows = (map.rows + out.row_block - 1) / out.row_block;
  out.cols = (map.cols + out.col_block - 1) / out.col_block;
  for (std::int64_t r = 0; r < out.rows; ++r) {
    for (std::int64_t c = 0; c < out.cols; ++c) {
      double sum = 0, count = 0;
      for (std::int64_t i = r * out.row_block; i < std::min(map.rows, (r + 1) * out.row_block); ++i) {
        for (std::int64_t j = c * out.col_block; j < std::min(map.cols, (c + 1) * out.col_block); ++j) {
          const float value = map.values[static_cast<std::size_t>(i * map.cols + j)];
          if (std::isfinite(value)) {
            sum += value;
            count += 1;
          }
        }
      }
      out.values.push_back(count > 0 ? sum / count : std::nan(""));
    }
  }
  return out;
}

struct Bounds {
  double low = 0, high = 1;
};

Bounds bounds_of(const Cells& cells, bool diverging) {
  Bounds b{std::numeric_limits<double>::infinity(), -std::numeric_limits<double>::infinity()};
  for (const double value : cells.values) {
    if (std::isfinite(value)) {
      b.low = std::min(b.low, value);
      b.high = std::max(b.high, value);
    }
  }
  if (!(b.low <= b.high)) {
    return {0, 1};
  }
  if (diverging) {
    const double reach = std::max({std::abs(b.low), std::abs(b.high), 1e-30});
    return {-reach, reach};
  }
  return b;
}

class HeatmapFigure {
 public:
  HeatmapFigure(Heatmap map, const std::string& origin)
      : map_(std::move(map)), cells_(averaged(map_)), bounds_(bounds_of(cells_, map_.diverging)) {
    title_ = wrapped(map_.title, {16, kInk, Align::start, true}, kWidth - 48);
    note_ = wrapped(map_.note, {12, kQuiet}, kWidth - 48);
    footer_ = wrapped(text(to_string(map_.provenance.kind), ": ", map_.provenance.source), {12, kQuiet},
                      kWidth - 48);
    if (cells_.row_block > 1 || cells_.col_block > 1) {
      footer_.push_back(
          text("each cell drawn is the mean of ", cells_.row_block, " x ", cells_.col_block, " cells"));
    }
    for (std::string& line : wrapped(origin, {12, kQuiet}, kWidth - 48)) {
      footer_.push_back(std::move(line));
    }
    cell_ = kMapSide / static_cast<double>(std::max(cells_.rows, cells_.cols));
    top_ = 30 + 22 * static_cast<double>(title_.size()) + 17 * static_cast<double>(note_.size());
    left_ = map_.row_labels.empty() ? 64 : 120;
    below_ = top_ + cell_ * static_cast<double>(cells_.rows);
  }

  double height() const {
    return below_ + (map_.col_labels.empty() ? 56 : 110) + 16 * static_cast<double>(footer_.size()) + 10;
  }

  void draw(Canvas& canvas) const {
    canvas.rectangle({0, 0}, kWidth, height(), rgb(0xfbfaf7));
    double y = 30;
    for (const std::string& line : title_) {
      canvas.label({24, y}, line, {16, kInk, Align::start, true});
      y += 22;
    }
    for (const std::string& line : note_) {
      canvas.label({24, y}, line, {12, kQuiet});
      y += 17;
    }
    for (std::int64_t r = 0; r < cells_.rows; ++r) {
      draw_row(canvas, r);
    }
    draw_labels(canvas);
    draw_color_bar(canvas);
    y = height() - 16 * static_cast<double>(footer_.size());
    for (const std::string& line : footer_) {
      canvas.label({24, y}, line, {12, kQuiet});
      y += 16;
    }
  }

 private:
  double fraction(double value) const {
    return bounds_.low == bounds_.high && std::isfinite(value)
               ? kFlat
               : (value - bounds_.low) / (bounds_.high - bounds_.low);
  }

  Color color_at(std::int64_t r, std::int64_t c) const {
    return cell_color(fraction(cells_.values[static_cast<std::size_t>(r * cells_.cols + c)]), map_.diverging);
  }

  // Neighbours of one colour are one rectangle, which keeps files small.
  void draw_row(Canvas& canvas, std::int64_t r) const {
    std::int64_t start = 0;
    for (std::int64_t c = 1; c <= cells_.cols; ++c) {
      const Color first = color_at(r, start);
      const bool same = c < cells_.cols && [&] {
        const Color next = color_at(r, c);
        return next.r == first.r && next.g == first.g && next.b == first.b;
      }();
      if (!same) {
        canvas.rectangle({left_ + cell_ * static_cast<double>(start), top_ + cell_ * static_cast<double>(r)},
                         cell_ * static_cast<double>(c - start), cell_, first);
        start = c;
      }
    }
  }

  void draw_labels(Canvas& canvas) const {
    const double size = std::clamp(cell_ * 0.8, 7.0, 12.0);
    const auto stride = [&](std::int64_t n) {
      return std::max<std::int64_t>(
          1, std::max((n + kMaxLabels - 1) / kMaxLabels,
                      static_cast<std::int64_t>(std::ceil(size * static_cast<double>(n) / kMapSide))));
    };
    if (!map_.row_labels.empty()) {
      for (std::int64_t i = 0; i < map_.rows; i += stride(map_.rows)) {
        const double center = top_ + kMapSide * (static_cast<double>(i) + 0.5) /
                                         static_cast<double>(std::max(map_.rows, map_.cols));
        canvas.label({left_ - 5, center + size * 0.35},
                     fitted_text(map_.row_labels[static_cast<std::size_t>(i)], {size}, left_ - 34),
                     {size, kInk, Align::end});
      }
    }
    if (!map_.col_labels.empty()) {
      for (std::int64_t j = 0; j < map_.cols; j += stride(map_.cols)) {
        const double center = left_ + kMapSide * (static_cast<double>(j) + 0.5) /
                                          static_cast<double>(std::max(map_.rows, map_.cols));
        canvas.label({center + size * 0.35, below_ + 5},
                     fitted_text(map_.col_labels[static_cast<std::size_t>(j)], {size}, 76),
                     {size, kInk, Align::end, false, true});
      }
    }
    const double middle_x = left_ + cell_ * static_cast<double>(cells_.cols) / 2;
    canvas.label({middle_x, below_ + (map_.col_labels.empty() ? 22 : 96)}, map_.col.label,
                 {13, kInk, Align::middle});
    canvas.label({20, (top_ + below_) / 2}, map_.row.label, {13, kInk, Align::middle, false, true});
  }

  // Beside the map, however narrow it is. A map of one value has one colour to name.
  void draw_color_bar(Canvas& canvas) const {
    const double x = left_ + cell_ * static_cast<double>(cells_.cols) + 18;
    const double bar_height = std::min(220.0, below_ - top_);
    const TextStyle words{11, kInk};
    const bool flat = bounds_.low == bounds_.high;
    if (flat) {
      canvas.rectangle({x, top_}, 14, 14, cell_color(kFlat, map_.diverging));
      canvas.label({x + 19, top_ + 11}, tick_label(bounds_.low), words);
      canvas.label({x, top_ + 32}, fitted_text(map_.value_label, words, kWidth - x - 12), {11, kQuiet});
      return;
    }
    constexpr int kSteps = 64;
    for (int i = 0; i < kSteps; ++i) {
      canvas.rectangle({x, top_ + bar_height * (kSteps - 1 - i) / kSteps}, 14, bar_height / kSteps + 0.5,
                       cell_color((i + 0.5) / kSteps, map_.diverging));
    }
    canvas.label({x + 19, top_ + 10}, tick_label(bounds_.high), words);
    canvas.label({x + 19, top_ + bar_height}, tick_label(bounds_.low), words);
    canvas.label({x, top_ + bar_height + 18}, fitted_text(map_.value_label, words, kWidth - x - 12),
                 {11, kQuiet});
  }

  Heatmap map_;
  Cells cells_;
  Bounds bounds_;
  std::vector<std::string> title_, note_, footer_;
  double cell_ = 1, top_ = 0, left_ = 0, below_ = 0;
};

Color between(const std::uint32_t* anchors, int count, double t) {
  const double at = std::clamp(t, 0.0, 1.0) * (count - 1);
  const int i = std::min(count - 2, static_cast<int>(at));
  const double f = at - i;
  const Color a = rgb(anchors[i]);
  const Color b = rgb(anchors[i + 1]);
  const auto mix = [f](int p, int q) { return static_cast<std::uint8_t>(std::lround(p + f * (q - p))); };
  return {mix(a.r, b.r), mix(a.g, b.g), mix(a.b, b.b), 1};
}

}  // namespace

Color cell_color(double value, bool diverging) {
  constexpr std::array<std::uint32_t, 10> kViridis{0x440154, 0x482878, 0x3e4989, 0x31688e, 0x26828e,
                                                   0x1f9e89, 0x35b779, 0x6ece58, 0xb5de2b, 0xfde725};
  constexpr std::array<std::uint32_t, 5> kDiverging{0x00466e, 0x5aa2cf, 0xf6f4ee, 0xe9945a, 0x943f00};
  if (!std::isfinite(value)) {
    return rgb(0xe9e5dc);
  }
  return diverging ? between(kDiverging.data(), kDiverging.size(), value)
                   : between(kViridis.data(), kViridis.size(), value);
}

Figure figure_of(const Heatmap& map, const std::string& origin) {
  const auto drawn = std::make_shared<HeatmapFigure>(map, origin);
  return {map.key, map.title, kWidth, drawn->height(), [drawn](Canvas& canvas) { drawn->draw(canvas); }};
}

}  // namespace alab
