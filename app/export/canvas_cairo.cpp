// SPDX-License-Identifier: MIT
#include "app/export/canvas.hpp"
#include "app/export/export.hpp"

#ifdef ALAB_HAVE_CAIRO
#include <cairo.h>
#endif

#include "reference/core/error.hpp"

namespace alab {

#ifdef ALAB_HAVE_CAIRO
namespace {

constexpr double kScale = 2;  // PNG pixels per CSS pixel

class CairoCanvas : public Canvas {
 public:
  CairoCanvas(double width, double height)
      : surface_(cairo_image_surface_create(CAIRO_FORMAT_RGB24, static_cast<int>(width * kScale),
                                            static_cast<int>(height * kScale))),
        cairo_(cairo_create(surface_)) {
    cairo_scale(cairo_, kScale, kScale);
    cairo_set_line_join(cairo_, CAIRO_LINE_JOIN_ROUND);
    require(cairo_status(cairo_) == CAIRO_STATUS_SUCCESS, "a picture of ", width, " x ", height,
            " cannot be drawn: ", cairo_status_to_string(cairo_status(cairo_)));
  }
  CairoCanvas(const CairoCanvas&) = delete;
  CairoCanvas& operator=(const CairoCanvas&) = delete;
  ~CairoCanvas() override {
    cairo_destroy(cairo_);
    cairo_surface_destroy(surface_);
  }

  void polyline(const std::vector<Point>& points, Color color, double width, bool dashed) override {
    constexpr double kDashes[] = {7, 4};
    paint(color);
    cairo_set_line_width(cairo_, width);
    cairo_set_dash(cairo_, kDashes, dashed ? 2 : 0, 0);
    cairo_new_path(cairo_);
    for (const Point& p : points) {
      cairo_line_to(cairo_, p.x, p.y);
    }
    cairo_stroke(cairo_);
  }
  void rectangle(Point corner, double width, double height, Color fill) override {
    cairo_set_antialias(cairo_, CAIRO_ANTIALIAS_NONE);
    paint(fill);
    cairo_rectangle(cairo_, corner.x, corner.y, width, height);
    cairo_fill(cairo_);
    cairo_set_antialias(cairo_, CAIRO_ANTIALIAS_DEFAULT);
  }
  void marker(Point c, Marker shape, double s, Color color) override {
    paint(color);
    cairo_new_path(cairo_);
    if (shape == Marker::cross) {
      polyline({{c.x - s, c.y - s}, {c.x + s, c.y + s}}, color, 1.8, false);
      polyline({{c.x - s, c.y + s}, {c.x + s, c.y - s}}, color, 1.8, false);
      return;
    }
    if (shape == Marker::circle) {
      cairo_arc(cairo_, c.x, c.y, s, 0, 6.283185307179586);
    } else if (shape == Marker::square) {
      cairo_rectangle(cairo_, c.x - s, c.y - s, 2 * s, 2 * s);
    } else {
      const bool diamond = shape == Marker::diamond;
      cairo_move_to(cairo_, c.x, c.y - (diamond ? 1.3 : 1.2) * s);
      cairo_line_to(cairo_, c.x + (diamond ? 1.3 : 1.1) * s, c.y + (diamond ? 0 : 0.8 * s));
      if (diamond) {
        cairo_line_to(cairo_, c.x, c.y + 1.3 * s);
      }
      cairo_line_to(cairo_, c.x - (diamond ? 1.3 : 1.1) * s, c.y + (diamond ? 0 : 0.8 * s));
    }
    cairo_fill(cairo_);
  }
  void label(Point at, std::string_view words, const TextStyle& style) override {
    const std::string line(words);
    cairo_select_font_face(cairo_, "Roboto", CAIRO_FONT_SLANT_NORMAL,
                           style.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(cairo_, style.size);
    cairo_text_extents_t extents;
    cairo_text_extents(cairo_, line.c_str(), &extents);
    const double shift =
        style.align == Align::start ? 0 : (style.align == Align::middle ? 0.5 : 1.0) * extents.x_advance;
    paint(style.color);
    cairo_save(cairo_);
    cairo_translate(cairo_, at.x, at.y);
    if (style.upward) {
      cairo_rotate(cairo_, -1.5707963267948966);
    }
    cairo_move_to(cairo_, -shift, 0);
    cairo_show_text(cairo_, line.c_str());
    cairo_restore(cairo_);
    cairo_new_path(cairo_);
  }
  void clip(Point corner, double width, double height) override {
    cairo_save(cairo_);
    cairo_rectangle(cairo_, corner.x, corner.y, width, height);
    cairo_clip(cairo_);
  }
  void unclip() override { cairo_restore(cairo_); }
  std::string finish() override {
    std::string bytes;
    const auto append = [](void* out, const unsigned char* data, unsigned length) {
      static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(data), length);
      return CAIRO_STATUS_SUCCESS;
    };
    const cairo_status_t status = cairo_surface_write_to_png_stream(surface_, append, &bytes);
    require(status == CAIRO_STATUS_SUCCESS, "the PNG could not be made: ", cairo_status_to_string(status));
    return bytes;
  }

 private:
  void paint(Color c) { cairo_set_source_rgba(cairo_, c.r / 255.0, c.g / 255.0, c.b / 255.0, c.alpha); }
  cairo_surface_t* surface_;
  cairo_t* cairo_;
};

}  // namespace

std::unique_ptr<Canvas> png_canvas(double width, double height) {
  return std::make_unique<CairoCanvas>(width, height);
}

#else

std::unique_ptr<Canvas> png_canvas(double, double) {
  throw Error(png_unavailable());
}

#endif

}  // namespace alab
