// SPDX-License-Identifier: MIT
#include "app/export/canvas.hpp"

#include <array>
#include <cstdio>
#include <string>

#include "reference/core/error.hpp"

namespace alab {
namespace {

std::string number(double value) {
  std::array<char, 32> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%.2f", value);
  std::string out = buffer.data();
  while (out.back() == '0') {
    out.pop_back();
  }
  if (out.back() == '.') {
    out.pop_back();
  }
  return out == "-0" ? "0" : out;
}

std::string hex(Color c) {
  std::array<char, 8> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "#%02x%02x%02x", c.r, c.g, c.b);
  return buffer.data();
}

std::string opacity(std::string_view what, Color c) {
  return c.alpha < 1 ? text(" ", what, "-opacity=\"", number(c.alpha), "\"") : "";
}

class SvgCanvas : public Canvas {
 public:
  SvgCanvas(double width, double height, std::string_view title) {
    out_ =
        text("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"", number(width), "\" height=\"",
             number(height), "\" viewBox=\"0 0 ", number(width), " ", number(height),
             "\" role=\"img\" font-family=\"Roboto, 'DejaVu Sans', Helvetica, Arial, sans-serif\">\n<title>",
             escaped(title), "</title>\n");
  }
  void polyline(const std::vector<Point>& points, Color color, double width, bool dashed) override {
    if (points.size() < 2) {
      return;
    }
    out_ += "<polyline fill=\"none\" stroke-linejoin=\"round\" points=\"";
    for (const Point& p : points) {
      out_ += number(p.x) + "," + number(p.y) + " ";
    }
    out_.back() = '"';
    out_ += text(" stroke=\"", hex(color), "\" stroke-width=\"", number(width), "\"",
                 opacity("stroke", color), dashed ? " stroke-dasharray=\"7 4\"" : "", "/>\n");
  }
  void rectangle(Point corner, double width, double height, Color fill) override {
    out_ += text("<rect x=\"", number(corner.x), "\" y=\"", number(corner.y), "\" width=\"", number(width),
                 "\" height=\"", number(height), "\" fill=\"", hex(fill), "\"", opacity("fill", fill),
                 " shape-rendering=\"crispEdges\"/>\n");
  }
  void marker(Point c, Marker shape, double s, Color color) override {
    if (shape == Marker::circle) {
      out_ += text("<circle cx=\"", number(c.x), "\" cy=\"", number(c.y), "\" r=\"", number(s), "\" fill=\"",
                   hex(color), "\"/>\n");
    } else if (shape == Marker::cross) {
      polyline({{c.x - s, c.y - s}, {c.x + s, c.y + s}}, color, 1.8, false);
      polyline({{c.x - s, c.y + s}, {c.x + s, c.y - s}}, color, 1.8, false);
    } else {
      out_ += "<polygon points=\"";
      for (const Point& p : corners(shape, s)) {
        out_ += number(c.x + p.x) + "," + number(c.y + p.y) + " ";
      }
      out_ += text("\" fill=\"", hex(color), "\"/>\n");
    }
  }
  void label(Point at, std::string_view words, const TextStyle& style) override {
    constexpr std::array<std::string_view, 3> anchors{"start", "middle", "end"};
    out_ += text("<text x=\"", number(at.x), "\" y=\"", number(at.y), "\" font-size=\"", number(style.size),
                 "\" fill=\"", hex(style.color), "\" text-anchor=\"",
                 anchors.at(static_cast<std::size_t>(style.align)), "\"",
                 style.bold ? " font-weight=\"bold\"" : "",
                 style.upward ? text(" transform=\"rotate(-90 ", number(at.x), " ", number(at.y), ")\"") : "",
                 ">", escaped(words), "</text>\n");
  }
  void clip(Point corner, double width, double height) override {
    ++clips_;
    out_ += text("<clipPath id=\"clip", clips_, "\"><rect x=\"", number(corner.x), "\" y=\"",
                 number(corner.y), "\" width=\"", number(width), "\" height=\"", number(height),
                 "\"/></clipPath>\n<g clip-path=\"url(#clip", clips_, ")\">\n");
  }
  void unclip() override { out_ += "</g>\n"; }
  std::string finish() override { return out_ + "</svg>\n"; }

  static std::vector<Point> corners(Marker shape, double s) {
    switch (shape) {
      case Marker::square:
        return {{-s, -s}, {s, -s}, {s, s}, {-s, s}};
      case Marker::diamond:
        return {{0, -1.3 * s}, {1.3 * s, 0}, {0, 1.3 * s}, {-1.3 * s, 0}};
      default:
        return {{0, -1.2 * s}, {1.1 * s, 0.8 * s}, {-1.1 * s, 0.8 * s}};
    }
  }

 private:
  std::string out_;
  int clips_ = 0;
};

// Advance widths of a grotesque typeface in thousandths of an em, for U+0020 to U+007E.
constexpr std::array<std::uint16_t, 95> kAdvance{
    260, 280, 340, 600, 570, 760, 650, 190, 350, 350, 440, 580, 220, 380, 270, 400, 570, 570, 570,
    570, 570, 570, 570, 570, 570, 570, 260, 240, 520, 560, 530, 480, 900, 670, 640, 660, 670, 580,
    570, 690, 720, 280, 560, 640, 550, 880, 720, 690, 640, 690, 630, 610, 610, 660, 650, 890, 640,
    610, 610, 280, 420, 280, 430, 460, 320, 550, 570, 530, 570, 540, 360, 570, 560, 250, 250, 520,
    250, 880, 560, 580, 570, 570, 350, 520, 340, 560, 500, 760, 510, 490, 510, 350, 250, 350, 690};

}  // namespace

std::unique_ptr<Canvas> svg_canvas(double width, double height, std::string_view title) {
  return std::make_unique<SvgCanvas>(width, height, title);
}

double text_width(std::string_view words, const TextStyle& style) {
  double thousandths = 0;
  for (const char c : words) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x20 && byte < 0x7f) {
      thousandths += kAdvance.at(byte - 0x20U);
    } else if (byte >= 0xc0) {  // first byte of a longer UTF-8 sequence
      thousandths += 600;
    }
  }
  return thousandths / 1000 * style.size * (style.bold ? 1.06 : 1.0);
}

std::vector<std::string> wrapped(std::string_view words, const TextStyle& style, double width) {
  std::vector<std::string> lines;
  std::string line;
  while (!words.empty()) {
    const std::size_t space = words.find(' ');
    const std::string word(words.substr(0, space));
    words = space == std::string_view::npos ? std::string_view{} : words.substr(space + 1);
    const std::string longer = line.empty() ? word : line + " " + word;
    if (!line.empty() && text_width(longer, style) > width) {
      lines.push_back(line);
      line = word;
    } else {
      line = longer;
    }
  }
  if (!line.empty()) {
    lines.push_back(line);
  }
  return lines;
}

std::string fitted_text(std::string_view words, const TextStyle& style, double width) {
  if (text_width(words, style) <= width) {
    return std::string(words);
  }
  std::string cut(words);
  while (!cut.empty() && text_width(cut, style) + style.size > width) {
    do {
      cut.pop_back();
    } while (!cut.empty() && (static_cast<unsigned char>(cut.back()) & 0xc0U) == 0x80U);
  }
  return cut + "\u2026";
}

std::string escaped(std::string_view words) {
  std::string out;
  for (const char c : words) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\n' ? ' ' : c;
    }
  }
  return out;
}

}  // namespace alab
