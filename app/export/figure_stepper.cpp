// A recorded run on paper: what happens at each step, and each quantity after it on a scale of its own.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "app/export/figures.hpp"
#include "reference/core/error.hpp"

namespace alab {
namespace {

constexpr double kWidth = 760, kLeft = 84, kRight = 24, kStrip = 62, kBetween = 30, kBar = 14;
constexpr Color kInk = rgb(0x22262b), kQuiet = rgb(0x5d636b), kGrid = rgb(0xe4e0d7), kGround = rgb(0xffffff);
constexpr Frame::Kind kKinds[] = {Frame::load, Frame::compute, Frame::skip, Frame::rescale, Frame::finish};

Color color_of(Frame::Kind kind) {
  return kind == Frame::skip ? rgb(0xd9d5cb) : series_color(static_cast<std::size_t>(kind));
}

class StepperFigure {
 public:
  StepperFigure(Stepper stepper, const std::string& origin) : stepper_(std::move(stepper)) {
    title_ = wrapped(stepper_.title, kTitle, kWidth - 48);
    note_ = wrapped(stepper_.note, kSmall, kWidth - 48);
    footer_ = wrapped(text(to_string(stepper_.provenance.kind), ": ", stepper_.provenance.source), kSmall,
                      kWidth - 48);
    for (std::string& line : wrapped(origin, kSmall, kWidth - 48)) {
      footer_.push_back(std::move(line));
    }
    top_ = 48 + 22 * static_cast<double>(title_.size()) + 17 * static_cast<double>(note_.size());
    bottom_ = top_ + kBar + (kStrip + kBetween) * static_cast<double>(stepper_.quantities.size());
  }

  double height() const { return bottom_ + 62 + 16 * static_cast<double>(footer_.size()); }

  void draw(Canvas& canvas) const {
    canvas.rectangle({0, 0}, kWidth, height(), rgb(0xfbfaf7));
    lines(canvas, title_, 30, 22, kTitle);
    lines(canvas, note_, 30 + 22 * static_cast<double>(title_.size()), 17, kSmall);
    if (stepper_.frames.empty()) {
      canvas.label({kWidth / 2, top_ + kBar}, "no step was taken", {13, kQuiet, Align::middle});
    } else {
      const Scale x({"step", "", false}, 1, static_cast<double>(stepper_.frames.size()), kLeft,
                    kWidth - kRight);
      draw_kinds(canvas, x);
      double y = top_ + kBar + kBetween;
      for (std::size_t q = 0; q < stepper_.quantities.size(); ++q) {
        draw_strip(canvas, x, q, y);
        y += kStrip + kBetween;
      }
      draw_steps(canvas, x);
    }
    lines(canvas, footer_, bottom_ + 62, 16, kSmall);
  }

 private:
  static inline const TextStyle kTitle{16, kInk, Align::start, true};
  static inline const TextStyle kSmall{12, kQuiet};

  static void lines(Canvas& canvas, const std::vector<std::string>& words, double y, double each,
                    const TextStyle& style) {
    for (const std::string& line : words) {
      canvas.label({24, y}, line, style);
      y += each;
    }
  }

  // One cell a step, in the colour of what happens there; neighbours of a kind are one rectangle.
  void draw_kinds(Canvas& canvas, const Scale& x) const {
    double legend = kLeft;
    const auto& frames = stepper_.frames;
    for (const Frame::Kind kind : kKinds) {
      if (std::ranges::any_of(frames, [&](const Frame& f) { return f.kind == kind; })) {
        canvas.rectangle({legend, top_ - 20}, 10, 10, color_of(kind));
        const std::string word(to_string(kind));
        canvas.label({legend + 15, top_ - 11}, word, kSmall);
        legend += 15 + text_width(word, kSmall) + 18;
      }
    }
    canvas.clip({kLeft, top_}, kWidth - kLeft - kRight, kBar);
    for (std::size_t first = 0; first < frames.size();) {
      std::size_t end = first + 1;
      while (end < frames.size() && frames[end].kind == frames[first].kind) {
        ++end;
      }
      const double left = x(static_cast<double>(first) + 0.5);
      canvas.rectangle({left, top_}, x(static_cast<double>(end) + 0.5) - left, kBar,
                       color_of(frames[first].kind));
      first = end;
    }
    canvas.unclip();
  }

  void draw_strip(Canvas& canvas, const Scale& x, std::size_t q, double y) const {
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (const Frame& f : stepper_.frames) {
      if (std::isfinite(f.values.at(q))) {
        low = std::min(low, f.values[q]);
        high = std::max(high, f.values[q]);
      }
    }
    canvas.rectangle({kLeft, y}, kWidth - kLeft - kRight, kStrip, kGround);
    canvas.label({kLeft, y - 6}, stepper_.quantities[q], {13, kInk});
    if (!(low <= high)) {
      canvas.label({kLeft + 8, y + kStrip / 2 + 4}, "never finite", kSmall);
      return;
    }
    const Scale v({"", "", false}, low, high, y + kStrip, y);
    for (const double value : {low, high}) {
      canvas.polyline({{kLeft, v(value)}, {kWidth - kRight, v(value)}}, kGrid, 1, false);
      canvas.label({kLeft - 7, v(value) + 4}, tick_label(value), {12, kInk, Align::end});
      if (low == high) {
        break;
      }
    }
    std::vector<Point> run;
    for (std::size_t f = 0; f <= stepper_.frames.size(); ++f) {
      if (f < stepper_.frames.size() && v.shows(stepper_.frames[f].values[q])) {
        run.push_back({x(static_cast<double>(f + 1)), v(stepper_.frames[f].values[q])});
      } else if (!run.empty()) {
        run.size() == 1 ? canvas.marker(run[0], Marker::circle, 2.5, series_color(q))
                        : canvas.polyline(run, series_color(q), 2.2, false);
        run.clear();
      }
    }
  }

  void draw_steps(Canvas& canvas, const Scale& x) const {
    for (const double tick : x.ticks()) {
      if (tick >= 1 && tick == std::floor(tick)) {
        canvas.label({x(tick), bottom_ + 16}, tick_label(tick), {12, kInk, Align::middle});
      }
    }
    canvas.label({(kLeft + kWidth - kRight) / 2, bottom_ + 36}, "step", {13, kInk, Align::middle});
  }

  Stepper stepper_;
  std::vector<std::string> title_, note_, footer_;
  double top_ = 0, bottom_ = 0;
};

}  // namespace

Figure figure_of(const Stepper& stepper, const std::string& origin) {
  const auto drawn = std::make_shared<StepperFigure>(stepper, origin);
  return {stepper.key, stepper.title, kWidth, drawn->height(),
          [drawn](Canvas& canvas) { drawn->draw(canvas); }};
}

}  // namespace alab
