// The one vector renderer: figures are drawn on a Canvas, which becomes SVG (real text, lines and cells) or
// PNG. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace alab {

struct Color {
  std::uint8_t r = 0, g = 0, b = 0;
  double alpha = 1;
};
constexpr Color rgb(std::uint32_t hex, double alpha = 1) {
  return {static_cast<std::uint8_t>(hex >> 16), static_cast<std::uint8_t>(hex >> 8),
          static_cast<std::uint8_t>(hex), alpha};
}

struct Point {
  double x = 0, y = 0;
};

enum class Align { start, middle, end };
enum class Marker { circle, square, diamond, triangle, cross };

struct TextStyle {
  double size = 13;  ///< px
  Color color = rgb(0x22262b);
  Align align = Align::start;
  bool bold = false;
  bool upward = false;  ///< turned by 90 degrees, reading upwards
};

/// Origin at the top left, y down, in CSS pixels.
class Canvas {
 public:
  virtual ~Canvas() = default;
  virtual void polyline(const std::vector<Point>& points, Color color, double width, bool dashed) = 0;
  virtual void rectangle(Point corner, double width, double height, Color fill) = 0;
  virtual void marker(Point center, Marker shape, double size, Color color) = 0;
  /// y is the baseline.
  virtual void label(Point at, std::string_view words, const TextStyle& style) = 0;
  /// Drawing is limited to the rectangle until unclip.
  virtual void clip(Point corner, double width, double height) = 0;
  virtual void unclip() = 0;
  /// The file's bytes.
  virtual std::string finish() = 0;
};

std::unique_ptr<Canvas> svg_canvas(double width, double height, std::string_view title);
/// Drawn at twice the size. Throws Error when cairo was not there at build time.
std::unique_ptr<Canvas> png_canvas(double width, double height);

/// Width of the text in px; the same estimate for every canvas, so that layouts agree.
double text_width(std::string_view words, const TextStyle& style);
/// Lines no wider than width; a word longer than that stands alone.
std::vector<std::string> wrapped(std::string_view words, const TextStyle& style, double width);
/// Cut to width with an ellipsis.
std::string fitted_text(std::string_view words, const TextStyle& style, double width);
/// &, <, >, ", and control characters made safe for XML and HTML.
std::string escaped(std::string_view words);

}  // namespace alab
