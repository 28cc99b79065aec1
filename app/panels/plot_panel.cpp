// Draws a Plot; the prediction comes first, then the truth from left to right.
// SPDX-License-Identifier: MIT
#include "app/panels/plot_panel.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "app/panels/plot_axes.hpp"
#include "app/panels/plot_frame.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "implot/implot.h"
#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::u32;
using ui::Ui;

constexpr double kPause = 0.35, kReveal = 0.4;  // seconds: prediction alone, then the truth
constexpr std::array<ImPlotMarker, 6> kMarkers = {ImPlotMarker_Circle,  ImPlotMarker_Square,
                                                  ImPlotMarker_Diamond, ImPlotMarker_Up,
                                                  ImPlotMarker_Down,    ImPlotMarker_Right};

ImVec4 color_of(const Ui& ui, const Series& series, std::size_t index) {
  const auto& colors = ui.colors().series;
  return ui::link_color(ui, series.key, colors[index % colors.size()]);
}

/// Lines dim while another line, or its term in the text, is pointed at.
float strength(const Ui& ui, const Plot& plot, const Series& series) {
  const bool any = std::any_of(plot.series.begin(), plot.series.end(),
                               [&](const Series& s) { return ui::link_hovered(ui, s.key); });
  return any && !ui::link_hovered(ui, series.key) ? 0.25F : 1.0F;
}

bool has_markers(const Series& series) {
  return series.style == SeriesStyle::markers ||
         (series.style == SeriesStyle::line_and_markers && series.xs.size() <= 80);
}

void draw_marker_sample(ImDrawList* draw, ImVec2 c, float r, int marker, ImU32 color) {
  switch (marker) {
    case 1:
      draw->AddRectFilled({c.x - r * 0.9F, c.y - r * 0.9F}, {c.x + r * 0.9F, c.y + r * 0.9F}, color);
      break;
    case 2:
      draw->AddQuadFilled({c.x, c.y - r * 1.2F}, {c.x + r * 1.2F, c.y}, {c.x, c.y + r * 1.2F},
                          {c.x - r * 1.2F, c.y}, color);
      break;
    case 3:
      draw->AddTriangleFilled({c.x - r, c.y + r}, {c.x + r, c.y + r}, {c.x, c.y - r}, color);
      break;
    case 4:
      draw->AddTriangleFilled({c.x - r, c.y - r}, {c.x, c.y + r}, {c.x + r, c.y - r}, color);
      break;
    case 5:
      draw->AddTriangleFilled({c.x - r, c.y - r}, {c.x - r, c.y + r}, {c.x + r, c.y}, color);
      break;
    default:
      draw->AddCircleFilled(c, r, color);
      break;
  }
}

void dashed_line(ImDrawList* draw, ImVec2 a, ImVec2 b, ImU32 color, float thick, float* phase) {
  const float length = std::hypot(b.x - a.x, b.y - a.y);
  constexpr float kOn = 7;
  constexpr float kPeriod = 12;
  for (float t = -*phase; t < length; t += kPeriod) {
    const float from = std::clamp(t, 0.0F, length) / std::max(length, 1e-3F);
    const float to = std::clamp(t + kOn, 0.0F, length) / std::max(length, 1e-3F);
    if (to > from) {
      draw->AddLine({a.x + (b.x - a.x) * from, a.y + (b.y - a.y) * from},
                    {a.x + (b.x - a.x) * to, a.y + (b.y - a.y) * to}, color, thick);
    }
  }
  *phase = std::fmod(*phase + length, kPeriod);
}

void legend_entry(Ui& ui, const Series& series, std::size_t index, PlotState& state) {
  const bool off = state.hidden.contains(series.key);
  const float size = ImGui::GetFontSize();
  const float sample = size * 1.7F;
  const ImVec2 extent = ImGui::CalcTextSize(series.label.c_str());
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ImGui::PushID("legend");
  if (ImGui::InvisibleButton(series.key.c_str(), {sample + size * 0.4F + extent.x, size * 1.2F},
                             ImGuiButtonFlags_EnableNav)) {
    if (off) {
      state.hidden.erase(series.key);
    } else {
      state.hidden.insert(series.key);
    }
  }
  ImGui::PopID();
  if (ImGui::IsItemHovered() || (ImGui::IsItemFocused() && ImGui::GetIO().NavVisible)) {
    ui::hover_link(ui, series.key);
  }
  ui::help(ui, text(to_string(series.provenance.kind), ": ", series.provenance.source,
                    "\nClick to hide or show."));
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImU32 color = u32(color_of(ui, series, index), off ? 0.25F : 1.0F);
  const float y = pos.y + size * 0.6F;
  float phase = 0;
  if (series.style == SeriesStyle::bars) {
    draw->AddRectFilled({pos.x + 4, pos.y + 2}, {pos.x + sample - 4, pos.y + size}, color, 2);
  } else if (series.style == SeriesStyle::dashed) {
    dashed_line(draw, {pos.x, y}, {pos.x + sample, y}, color, 2.5F, &phase);
  } else if (series.style != SeriesStyle::markers) {
    draw->AddLine({pos.x, y}, {pos.x + sample, y}, color, 2.5F);
  }
  if (has_markers(series)) {
    draw_marker_sample(draw, {pos.x + sample / 2, y}, 4, static_cast<int>(index % kMarkers.size()), color);
  }
  const ImVec4 ink = ui::link_hovered(ui, series.key) ? ui.colors().ink : ui.colors().muted;
  draw->AddText({pos.x + sample + size * 0.4F, pos.y + size * 0.1F}, u32(ink, off ? 0.5F : 1.0F),
                series.label.c_str());
}

void prediction_entry(const Ui& ui) {
  const float size = ImGui::GetFontSize();
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const float sample = size * 1.7F;
  const char* label = "your prediction";
  float phase = 0;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  dashed_line(draw, {pos.x, pos.y + size * 0.6F}, {pos.x + sample, pos.y + size * 0.6F}, u32(ui.colors().ink),
              2.5F, &phase);
  draw->AddText({pos.x + sample + size * 0.4F, pos.y + size * 0.1F}, u32(ui.colors().muted), label);
  ImGui::Dummy({sample + size * 0.4F + ImGui::CalcTextSize(label).x, size * 1.2F});
}

void draw_legend(Ui& ui, const Plot& plot, PlotState& state, const PlotOptions& options) {
  ui::push_type(ui, ui::Type::small);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {em(1.1F), em(0.1F)});
  const float right = ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x;
  bool first = true;
  const auto next = [&](const std::string& label) {
    const float width = em(2.1F) + ImGui::CalcTextSize(label.c_str()).x;
    if (!first && ImGui::GetItemRectMax().x + em(1.1F) + width < right) {
      ImGui::SameLine();
    }
    first = false;
  };
  if (options.prediction != nullptr && !options.prediction->empty()) {
    next("your prediction");
    prediction_entry(ui);
  }
  for (std::size_t i = 0; i < plot.series.size() && !options.hide_truth; ++i) {
    next(plot.series[i].label);
    legend_entry(ui, plot.series[i], i, state);
  }
  ImGui::PopStyleVar();
  ui::pop_type();
}

struct Nearest {
  std::size_t series = 0, point = 0;
  ImVec2 pixel;
};

std::optional<Nearest> nearest_point(const Plot& plot, const PlotState& state) {
  const ImVec2 mouse = ImGui::GetMousePos();
  std::optional<Nearest> best;
  float distance = em(1.2F);
  for (std::size_t s = 0; s < plot.series.size(); ++s) {
    if (state.hidden.contains(plot.series[s].key)) {
      continue;
    }
    const Curve& c = state.drawn_series[s].points;
    for (std::size_t i = 0; i < c.xs.size(); ++i) {
      if (!std::isfinite(c.ys[i])) {
        continue;
      }
      const ImVec2 p = ImPlot::PlotToPixels(c.xs[i], c.ys[i]);
      const float d = std::hypot(p.x - mouse.x, p.y - mouse.y);
      if (d < distance) {
        distance = d;
        best = Nearest{s, i, p};
      }
    }
  }
  return best;
}

void draw_bars(const Plot& plot, const Series& series, const DrawnSeries& drawn, const ImPlotSpec& spec) {
  int groups = 0;
  int mine = 0;
  for (const Series& other : plot.series) {
    mine = &other == &series ? groups : mine;
    groups += other.style == SeriesStyle::bars ? 1 : 0;
  }
  const Curve& c = drawn.points;
  double gap = c.xs.size() > 1 ? std::abs(c.xs[1] - c.xs[0]) : 1;
  for (std::size_t i = 2; i < c.xs.size(); ++i) {
    gap = std::min(gap, std::abs(c.xs[i] - c.xs[i - 1]));
  }
  const double width = 0.75 * gap / std::max(groups, 1);
  std::vector<double> xs(c.xs);
  for (double& x : xs) {
    x += (mine - 0.5 * (groups - 1)) * width;
  }
  ImPlot::PlotBars(series.key.c_str(), xs.data(), c.ys.data(), static_cast<int>(xs.size()), width, spec);
}

void draw_curve_dashed(const Curve& c, ImU32 color, float thick) {
  ImDrawList* draw = ImPlot::GetPlotDrawList();
  ImPlot::PushPlotClipRect();
  float phase = 0;
  for (std::size_t i = 1; i < c.xs.size(); ++i) {
    if (std::isfinite(c.ys[i]) && std::isfinite(c.ys[i - 1])) {
      dashed_line(draw, ImPlot::PlotToPixels(c.xs[i - 1], c.ys[i - 1]),
                  ImPlot::PlotToPixels(c.xs[i], c.ys[i]), color, thick, &phase);
    }
  }
  ImPlot::PopPlotClipRect();
}

void draw_oddities(const DrawnSeries& drawn, const AxisView& y, ImU32 color) {
  ImDrawList* draw = ImPlot::GetPlotDrawList();
  const float top = ImPlot::GetPlotPos().y + em(0.55F);
  ImPlot::PushPlotClipRect();
  for (const double x : drawn.non_finite) {
    const float px = ImPlot::PlotToPixels(x, y.to).x;
    const float r = em(0.24F);
    draw->AddLine({px - r, top - r}, {px + r, top + r}, color, 2);
    draw->AddLine({px - r, top + r}, {px + r, top - r}, color, 2);
  }
  for (const double x : drawn.zeros) {
    const ImVec2 p = ImPlot::PlotToPixels(x, y.floor);
    draw->AddCircle(p, em(0.24F), color, 0, 1.8F);
  }
  ImPlot::PopPlotClipRect();
}

void draw_series(const Ui& ui, const Plot& plot, std::size_t index, const PlotState& state) {
  const Series& series = plot.series[index];
  const DrawnSeries& drawn = state.drawn_series[index];
  const float alpha = strength(ui, plot, series);
  ImVec4 color = color_of(ui, series, index);
  color.w *= alpha;
  ImPlotSpec spec;
  spec.LineColor = color;
  spec.FillColor = color;
  spec.LineWeight = ui::link_hovered(ui, series.key) ? 3.5F : 2.5F;
  spec.Flags = ImPlotItemFlags_NoLegend | ImPlotItemFlags_NoFit;
  const int count = static_cast<int>(drawn.points.xs.size());
  if (has_markers(series)) {
    spec.Marker = kMarkers[index % kMarkers.size()];
    spec.MarkerSize = em(0.24F);
    spec.MarkerFillColor = color;
    spec.MarkerLineColor = color;
  }
  const double* xs = drawn.points.xs.data();
  const double* ys = drawn.points.ys.data();
  switch (series.style) {
    case SeriesStyle::bars:
      draw_bars(plot, series, drawn, spec);
      break;
    case SeriesStyle::markers:
      ImPlot::PlotScatter(series.key.c_str(), xs, ys, count, spec);
      break;
    case SeriesStyle::dashed:
      draw_curve_dashed(drawn.points, u32(color), spec.LineWeight);
      break;
    case SeriesStyle::line:
    case SeriesStyle::line_and_markers:
      ImPlot::PlotLine(series.key.c_str(), xs, ys, count, spec);
      break;
  }
  draw_oddities(drawn, state.y, u32(color));
}

/// "slope 1.98" above the right end of each fitted line, moved apart where they would touch.
void draw_slopes(const Ui& ui, const Plot& plot, const PlotState& state) {
  struct Label {
    std::string text;
    ImVec2 at;
    ImVec4 color;
  };
  std::vector<Label> labels;
  ui::push_type(ui, ui::Type::small);
  const ImVec2 low = ImPlot::GetPlotPos();
  const ImVec2 high(low.x + ImPlot::GetPlotSize().x, low.y + ImPlot::GetPlotSize().y);
  for (std::size_t s = 0; s < plot.series.size(); ++s) {
    const Series& series = plot.series[s];
    const Curve& c = state.drawn_series[s].points;
    if (!std::isfinite(series.slope) || c.empty() || state.hidden.contains(series.key)) {
      continue;
    }
    std::size_t last = c.xs.size() - 1;
    while (last > 0 &&
           (!std::isfinite(c.ys[last]) || ImPlot::PlotToPixels(c.xs[last], c.ys[last]).x > high.x)) {
      --last;
    }
    std::ostringstream words;
    words.precision(3);
    words << "slope " << (std::abs(series.slope) < 5e-3 ? 0.0 : std::round(series.slope * 100) / 100);
    const ImVec2 extent = ImGui::CalcTextSize(words.str().c_str());
    const ImVec2 end = ImPlot::PlotToPixels(c.xs[last], c.ys[last]);
    const float lift = series.slope < -0.15 ? -em(1.5F) : -em(1.55F);
    const float x = std::clamp(end.x - extent.x - em(0.3F) - (series.slope > 0.5 ? em(1.2F) : 0.0F),
                               low.x + 4, high.x - extent.x - 4);
    labels.push_back({words.str(),
                      {x, std::clamp(end.y + lift, low.y + 2, high.y - extent.y - 2)},
                      color_of(ui, series, s)});
    labels.back().color.w = strength(ui, plot, series);
  }
  std::sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.at.y < b.at.y; });
  ImDrawList* draw = ImPlot::GetPlotDrawList();
  const float height = ImGui::GetFontSize();
  float free_from = low.y;
  for (Label& label : labels) {
    label.at.y =
        std::clamp(std::max(label.at.y, free_from), low.y + 2, std::max(low.y + 2, high.y - height - 2));
    free_from = label.at.y + height + 2;
    const ImVec2 extent = ImGui::CalcTextSize(label.text.c_str());
    draw->AddRectFilled({label.at.x - 4, label.at.y}, {label.at.x + extent.x + 4, label.at.y + extent.y},
                        u32(ui.colors().raised, 0.85F), 3);
    draw->AddText(label.at, u32(ui::mix(label.color, ui.colors().ink, 0.25F)), label.text.c_str());
  }
  ui::pop_type();
}

void draw_hover(Ui& ui, const Plot& plot, const PlotState& state) {
  if (!ImPlot::IsPlotHovered()) {
    return;
  }
  const std::optional<Nearest> hit = nearest_point(plot, state);
  if (!hit) {
    return;
  }
  const Series& series = plot.series[hit->series];
  const Curve& c = state.drawn_series[hit->series].points;
  ui::hover_link(ui, series.key);
  ImPlot::GetPlotDrawList()->AddCircle(hit->pixel, em(0.45F), u32(color_of(ui, series, hit->series)), 0, 2);
  if (ImGui::BeginTooltip()) {
    ui::text_as(ui, ui::Type::bold, series.label);
    ui::text_as(ui, ui::Type::small, text(plot.x.label, "  ", value_text(c.xs[hit->point], plot.x)));
    ui::text_as(ui, ui::Type::small, text(plot.y.label, "  ", value_text(c.ys[hit->point], plot.y)));
    ui::muted(ui, text(to_string(series.provenance.kind), ": ", series.provenance.source), ui::Type::tiny);
    ImGui::EndTooltip();
  }
}

/// Share of the x range up to which the truth is drawn now; 1 when it is all there.
float revealed(const Ui& ui, PlotState& state, const PlotOptions& options) {
  state.revealing = false;
  if (options.hide_truth) {
    state.shown_since = -1;
    return 0;
  }
  if (options.prediction == nullptr || options.prediction->empty() || !ui.motion) {
    state.shown_since = 0;
    return 1;
  }
  const double now = ImGui::GetTime();
  if (state.shown_since < 0) {
    state.shown_since = now;
  }
  const double t = (now - state.shown_since - kPause) / kReveal;
  state.revealing = state.shown_since > 0 && t < 1;
  return state.shown_since > 0 ? static_cast<float>(std::clamp(t, 0.0, 1.0)) : 1.0F;
}

void draw_truth(Ui& ui, const Plot& plot, PlotState& state, float share) {
  ImDrawList* draw = ImPlot::GetPlotDrawList();
  const ImVec2 low = ImPlot::GetPlotPos();
  const ImVec2 size = ImPlot::GetPlotSize();
  draw->PushClipRect(low, {low.x + size.x * share, low.y + size.y}, true);
  for (std::size_t s = 0; s < plot.series.size(); ++s) {
    if (!state.hidden.contains(plot.series[s].key)) {
      draw_series(ui, plot, s, state);
    }
  }
  draw->PopClipRect();
  if (share >= 1) {
    draw_slopes(ui, plot, state);
    draw_hover(ui, plot, state);
  }
}

bool any_non_finite(const PlotState& state) {
  return std::any_of(state.drawn_series.begin(), state.drawn_series.end(),
                     [](const DrawnSeries& s) { return !s.non_finite.empty(); });
}

}  // namespace

void plot_panel(Ui& ui, const Plot& plot, std::uint64_t version, PlotState& state, ImVec2 size,
                const PlotOptions& options) {
  if (!state.prepared || state.version != version) {
    prepare(plot, options.prediction, state);
    state.version = version;
    state.shown_since = -1;
    state.refit = true;
  }
  ImGui::PushID(text("plot:", plot.key).c_str());
  ImGui::BeginGroup();
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const ImVec2 box(size.x > 0 ? size.x : room.x, size.y > 0 ? size.y : std::max(room.y, em(14)));
  const float top = ImGui::GetCursorPosY();
  const float alpha = ImGui::GetStyle().Alpha;
  ImGui::PushStyleVar(ImGuiStyleVar_Alpha, options.dimmed ? alpha * 0.5F : alpha);
  const std::string_view title =
      options.hide_truth ? std::string_view("Your prediction comes first") : plot.title;
  const FrameTools tools{
      .title = title, .provenance = provenance_of(plot), .what = "the data", .key = plot.key, .reset = true};
  if (plot_header(ui, tools, box.x, [&] { return plot_as_text(plot); })) {
    state.refit = true;
  }
  draw_legend(ui, plot, state, options);
  std::string note = plot.note;
  if (any_non_finite(state) && !options.hide_truth) {
    note += note.empty() ? "" : " ";
    note += "Crosses along the top: not finite.";
  }
  const float below = options.compact || note.empty() ? 0 : note_height(ui, note, box.x);
  const float height = std::max(em(8), box.y - (ImGui::GetCursorPosY() - top) - below);
  if (begin_axes(ui, plot, state, {box.x, height}, false)) {
    const float share = revealed(ui, state, options);
    if (options.prediction != nullptr) {
      draw_curve_dashed(*options.prediction, u32(ui.colors().ink, 0.8F), 2.5F);
    }
    if (share > 0) {
      draw_truth(ui, plot, state, share);
    }
    ImPlot::EndPlot();
  }
  if (below > 0) {
    plot_note(ui, note, box.x);
  }
  ImGui::PopStyleVar();
  ImGui::EndGroup();
  ImGui::PopID();
}

}  // namespace alab::panels
