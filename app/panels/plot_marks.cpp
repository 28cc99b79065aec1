// Lines, bars and markers of a plot.
// SPDX-License-Identifier: MIT
#include "app/panels/plot_marks.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <locale>

#include "app/panels/plot_axes.hpp"
#include "imgui_internal.h"
#include "implot/implot.h"
#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::u32;
using ui::Ui;

constexpr std::array<ImPlotMarker, 6> kMarkers = {ImPlotMarker_Circle,  ImPlotMarker_Square,
                                                  ImPlotMarker_Diamond, ImPlotMarker_Up,
                                                  ImPlotMarker_Down,    ImPlotMarker_Right};

/// Lines dim while another line, or its term in the text, is pointed at.
float strength(const Ui& ui, const Plot& plot, const Series& series) {
  const bool any = std::any_of(plot.series.begin(), plot.series.end(),
                               [&](const Series& s) { return ui::link_hovered(ui, s.key); });
  return any && !ui::link_hovered(ui, series.key) ? 0.25F : 1.0F;
}

/// Bars of several series at the same x stand side by side; a series alone at its x stands on the tick.
/// Values stand on few bars, the largest first; one that would touch another is left out.
void draw_bar_values(const Plot& plot, const std::vector<double>& xs, const std::vector<double>& ys) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < ys.size(); ++i) {
    if (std::isfinite(ys[i])) {
      order.push_back(i);
    }
  }
  std::ranges::stable_sort(order, std::greater{}, [&](std::size_t i) { return std::abs(ys[i]); });
  std::vector<ImRect> taken;
  for (const std::size_t i : order) {
    const std::string value = value_text(ys[i], plot.y);
    const ImVec2 top = ImPlot::PlotToPixels(xs[i], ys[i]), extent = ImGui::CalcTextSize(value.c_str());
    const ImVec2 at{top.x - extent.x / 2, ys[i] < 0 ? top.y + 1 : top.y - extent.y - 1};
    const ImRect room(at.x - em(0.2F), at.y, at.x + extent.x + em(0.2F), at.y + extent.y);
    if (std::ranges::none_of(taken, [&](const ImRect& other) { return other.Overlaps(room); })) {
      taken.push_back(room);
      ImPlot::GetPlotDrawList()->AddText(at, ImGui::GetColorU32(ImGuiCol_Text), value.c_str());
    }
  }
}

void draw_bars(const Plot& plot, const Series& series, const DrawnSeries& drawn, const ImPlotSpec& spec) {
  const Curve& c = drawn.points;
  if (c.empty()) {
    return;
  }
  int group = 0;
  int mine = 0;
  std::vector<double> all;
  for (const Series& other : plot.series) {
    if (other.style != SeriesStyle::bars) {
      continue;
    }
    all.insert(all.end(), other.xs.begin(), other.xs.end());
    mine = &other == &series ? group : mine;
    group += std::find(other.xs.begin(), other.xs.end(), c.xs[0]) != other.xs.end() ? 1 : 0;
  }
  std::sort(all.begin(), all.end());
  double gap = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const double step = all[i] - all[i - 1];
    gap = step > 0 && (gap == 0 || step < gap) ? step : gap;
  }
  const double width = 0.7 * (gap > 0 ? gap : 1) / std::max(group, 1);
  std::vector<double> xs(c.xs);
  for (double& x : xs) {
    x += (mine - 0.5 * (group - 1)) * width;
  }
  ImPlot::PlotBars(series.key.c_str(), xs.data(), c.ys.data(), static_cast<int>(xs.size()), width * 0.96,
                   spec);
  if (all.size() > 24) {
    return;
  }
  draw_bar_values(plot, xs, c.ys);
}

void draw_oddities(const DrawnSeries& drawn, const AxisView& y, ImU32 color) {
  ImDrawList* draw = ImPlot::GetPlotDrawList();
  const float top = ImPlot::GetPlotPos().y + em(0.55F);
  ImPlot::PushPlotClipRect();
  float last = -FLT_MAX;
  for (const double x : drawn.non_finite) {
    const float px = ImPlot::PlotToPixels(x, y.to).x;
    const float r = em(0.24F);
    if (std::abs(px - last) < 3.2F * r) {  // a row of crosses, not a band
      continue;
    }
    last = px;
    draw->AddLine({px - r, top - r}, {px + r, top + r}, color, 2);
    draw->AddLine({px - r, top + r}, {px + r, top - r}, color, 2);
  }
  for (const double x : drawn.zeros) {
    const ImVec2 p = ImPlot::PlotToPixels(x, y.floor);
    draw->AddCircle(p, em(0.24F), color, 0, 1.8F);
  }
  ImPlot::PopPlotClipRect();
}

std::string slope_text(double slope) {
  std::ostringstream words;
  words.imbue(std::locale::classic());
  words.precision(2);
  words << std::fixed << "slope " << (std::abs(slope) < 5e-3 ? 0.0 : slope);
  return words.str();
}

}  // namespace

PlotMarks marks_of(const Ui& ui, const Plot& plot, const PlotState& state) {
  const auto& palette = ui.colors().series;
  std::array<bool, 8> used{};
  for (const Series& series : plot.series) {
    const auto link = ui.links.colors.find(series.key);
    if (link != ui.links.colors.end()) {
      used[static_cast<std::size_t>(link->second)] = true;
    }
  }
  PlotMarks marks{ui, plot, state, {}};
  std::size_t next = 0;
  for (const Series& series : plot.series) {
    const auto twin = std::ranges::find(plot.series, series.twin, &Series::key) - plot.series.begin();
    if (const auto at = static_cast<std::size_t>(twin); at < marks.colors.size()) {  // an earlier series
      marks.colors.push_back(marks.colors[at]);
      continue;
    }
    if (ui.links.colors.contains(series.key)) {
      marks.colors.push_back(ui::link_color(ui, series.key, ui.colors().ink));
      continue;
    }
    while (next < palette.size() && used[next]) {
      ++next;
    }
    marks.colors.push_back(palette[next % palette.size()]);
    ++next;
  }
  return marks;
}

bool has_markers(const Series& series) {
  return series.style == SeriesStyle::markers ||
         (series.style == SeriesStyle::line_and_markers && series.xs.size() <= 80);
}

void draw_marker_sample(ImDrawList* draw, ImVec2 c, float r, std::size_t index, ImU32 color) {
  switch (index % kMarkers.size()) {
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

void draw_series(const PlotMarks& marks, std::size_t index) {
  const auto& [ui, plot, state, colors] = marks;
  const Series& series = plot.series[index];
  const DrawnSeries& drawn = state.drawn_series[index];
  const float alpha = strength(ui, plot, series);
  ImVec4 color = colors[index];
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

void draw_slopes(const PlotMarks& marks) {
  struct Label {
    std::string text;
    ImVec2 at;
    ImVec4 color;
  };
  const auto& [ui, plot, state, colors] = marks;
  std::vector<Label> labels;
  ui::push_type(ui, ui::Type::small);
  const float height = ImGui::GetFontSize();
  const ImVec2 low = ImPlot::GetPlotPos();
  const ImVec2 high(low.x + ImPlot::GetPlotSize().x, low.y + ImPlot::GetPlotSize().y);
  for (std::size_t s = 0; s < plot.series.size(); ++s) {
    const Curve& c = state.drawn_series[s].points;
    if (!std::isfinite(plot.series[s].slope) || c.empty() || state.hidden.contains(plot.series[s].key)) {
      continue;
    }
    std::size_t last = c.xs.size() - 1;
    while (last > 0 &&
           (!std::isfinite(c.ys[last]) || ImPlot::PlotToPixels(c.xs[last], c.ys[last]).x > high.x)) {
      --last;
    }
    const std::string words = slope_text(plot.series[s].slope);
    const ImVec2 end = ImPlot::PlotToPixels(c.xs[last], c.ys[last]);
    const float x = std::min(end.x + em(0.6F), high.x - ImGui::CalcTextSize(words.c_str()).x - 4);
    labels.push_back({words, {x, end.y - height / 2}, colors[s]});
    labels.back().color.w = strength(ui, plot, plot.series[s]);
  }
  std::sort(labels.begin(), labels.end(), [](const Label& a, const Label& b) { return a.at.y < b.at.y; });
  float ceiling = low.y + 2;
  for (Label& label : labels) {
    label.at.y = std::max(label.at.y, ceiling);
    ceiling = label.at.y + height;
  }
  float floor = high.y - height - 2;
  for (auto label = labels.rbegin(); label != labels.rend(); ++label) {
    label->at.y = std::min(label->at.y, floor);
    floor = label->at.y - height;
  }
  for (const Label& label : labels) {
    const ImVec2 extent = ImGui::CalcTextSize(label.text.c_str());
    ImPlot::GetPlotDrawList()->AddRectFilled({label.at.x - 2, label.at.y},
                                             {label.at.x + extent.x + 2, label.at.y + extent.y},
                                             u32(ui.colors().raised, 0.8F));
    ImPlot::GetPlotDrawList()->AddText(label.at, u32(ui::mix(label.color, ui.colors().ink, 0.25F)),
                                       label.text.c_str());
  }
  ui::pop_type();
}

}  // namespace alab::panels
