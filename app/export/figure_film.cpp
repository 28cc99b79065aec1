// A map that changes over the frames of a stepper, as a strip of its moments on one colour scale.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "app/export/figures.hpp"
#include "reference/core/error.hpp"

namespace alab {
namespace {

constexpr double kWidth = 760, kLeft = 24, kGap = 16, kBarRoom = 96;
constexpr std::int64_t kMoments = 8, kPerRow = 4;
constexpr Color kInk = rgb(0x22262b), kQuiet = rgb(0x5d636b);

class FilmFigure {
 public:
  FilmFigure(const Stepper& stepper, const std::string& origin) : stepper_(stepper) {
    title_ = wrapped(stepper_.title, {16, kInk, Align::start, true}, kWidth - 48);
    const std::string note = text(stepper_.map.note, " Rows: ", stepper_.map.row.label,
                                  ". Columns: ", stepper_.map.col.label, ".");
    note_ = wrapped(note, {12, kQuiet}, kWidth - 48);
    const Provenance& from = stepper_.map.provenance;
    footer_ = wrapped(text(to_string(from.kind), ": ", from.source), {12, kQuiet}, kWidth - 48);
    for (std::string& line : wrapped(origin, {12, kQuiet}, kWidth - 48)) {
      footer_.push_back(std::move(line));
    }
    choose_moments();
    measure();
    side_ = (kWidth - 2 * kLeft - kBarRoom - kGap * (kPerRow - 1)) / kPerRow;
    cell_ = side_ / static_cast<double>(std::max(stepper_.map.rows, stepper_.map.cols));
    top_ = 30 + 22 * static_cast<double>(title_.size()) + 17 * static_cast<double>(note_.size());
  }

  double height() const {
    const auto lines = static_cast<double>((moments_.size() + kPerRow - 1) / kPerRow);
    return top_ + lines * (panel_height() + 30) + 16 * static_cast<double>(footer_.size()) + 24;
  }

  void draw(Canvas& canvas) const {
    canvas.rectangle({0, 0}, kWidth, height(), rgb(0xfbfaf7));
    double y = 30;
    for (const std::string& line : title_) {
      canvas.label({kLeft, y}, line, {16, kInk, Align::start, true});
      y += 22;
    }
    for (const std::string& line : note_) {
      canvas.label({kLeft, y}, line, {12, kQuiet});
      y += 17;
    }
    for (std::size_t i = 0; i < moments_.size(); ++i) {
      const auto column = static_cast<double>(i % kPerRow), line = static_cast<double>(i / kPerRow);
      draw_moment(canvas, moments_[i],
                  {kLeft + column * (side_ + kGap), top_ + line * (panel_height() + 30)});
    }
    draw_color_bar(canvas);
    y = height() - 16 * static_cast<double>(footer_.size());
    for (const std::string& line : footer_) {
      canvas.label({kLeft, y}, line, {12, kQuiet});
      y += 16;
    }
  }

 private:
  double panel_height() const { return cell_ * static_cast<double>(stepper_.map.rows); }

  /// Evenly spaced, the first and the last included.
  void choose_moments() {
    const auto frames = static_cast<std::int64_t>(stepper_.frames.size());
    const std::int64_t count = std::min(kMoments, frames);
    for (std::int64_t i = 0; i < count; ++i) {
      moments_.push_back(count == 1 ? 0 : i * (frames - 1) / (count - 1));
    }
  }

  void measure() {
    low_ = std::numeric_limits<double>::infinity();
    high_ = -low_;
    for (const float value : stepper_.map_values) {
      if (std::isfinite(value)) {
        low_ = std::min(low_, static_cast<double>(value));
        high_ = std::max(high_, static_cast<double>(value));
      }
    }
    if (!(low_ <= high_)) {
      low_ = 0, high_ = 1;
    }
    if (stepper_.map.diverging) {
      high_ = std::max({std::abs(low_), std::abs(high_), 1e-30});
      low_ = -high_;
    } else if (!(low_ < high_)) {
      high_ = low_ + 1;
    }
  }

  void draw_moment(Canvas& canvas, std::int64_t frame, Point corner) const {
    const Heatmap map = map_at(stepper_, frame);
    canvas.rectangle(corner, cell_ * static_cast<double>(map.cols), panel_height(),
                     cell_color(std::nan(""), map.diverging));
    for (std::int64_t r = 0; r < map.rows; ++r) {
      for (std::int64_t c = 0; c < map.cols; ++c) {
        const double value = map.values[static_cast<std::size_t>(r * map.cols + c)];
        if (std::isfinite(value)) {
          canvas.rectangle(
              {corner.x + cell_ * static_cast<double>(c), corner.y + cell_ * static_cast<double>(r)}, cell_,
              cell_, cell_color((value - low_) / (high_ - low_), map.diverging));
        }
      }
    }
    const std::int64_t col = stepper_.frames[static_cast<std::size_t>(frame)].col;
    const auto at = static_cast<std::size_t>(col);
    const std::string name = at < stepper_.col_names.size() ? text(": ", stepper_.col_names[at]) : "";
    canvas.label({corner.x, corner.y + panel_height() + 15},
                 fitted_text(text(stepper_.col_label, " ", col, name), {11}, side_), {11, kQuiet});
  }

  void draw_color_bar(Canvas& canvas) const {
    const double x = kWidth - kBarRoom;
    const double bar_height = std::min(180.0, std::max(panel_height(), 60.0));
    constexpr int kSteps = 64;
    for (int i = 0; i < kSteps; ++i) {
      canvas.rectangle({x, top_ + bar_height * (kSteps - 1 - i) / kSteps}, 14, bar_height / kSteps + 0.5,
                       cell_color((i + 0.5) / kSteps, stepper_.map.diverging));
    }
    canvas.label({x + 19, top_ + 10}, format_value(high_, ""), {11, kInk});
    canvas.label({x + 19, top_ + bar_height}, format_value(low_, ""), {11, kInk});
    canvas.label({x, top_ + bar_height + 18}, fitted_text(stepper_.map.value_label, {11}, kBarRoom - 12),
                 {11, kQuiet});
  }

  Stepper stepper_;
  std::vector<std::int64_t> moments_;
  std::vector<std::string> title_, note_, footer_;
  double low_ = 0, high_ = 1, side_ = 1, cell_ = 1, top_ = 0;
};

}  // namespace

Figure film_of(const Stepper& stepper, const std::string& origin) {
  require(has_map(stepper) && !stepper.frames.empty(), "stepper '", stepper.key,
          "' has no map; draw its quantities with figure_of");
  const auto drawn = std::make_shared<FilmFigure>(stepper, origin);
  return {stepper.key + "_map", stepper.title, kWidth, drawn->height(),
          [drawn](Canvas& canvas) { drawn->draw(canvas); }};
}

}  // namespace alab
