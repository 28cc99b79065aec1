// The empty plot on which a student draws what they expect.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "app/panels/plot_axes.hpp"
#include "app/panels/plot_frame.hpp"
#include "app/panels/plot_panel.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "implot/implot.h"
#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::Ui;

/// Replaces what stands between the last point of the stroke and this one, so that x stays ascending.
void add_stroke_point(PlotState& state, double x, double y) {
  Curve& c = state.drawn;
  const double low = state.stroke ? std::min(state.last_x, x) : x;
  const double high = state.stroke ? std::max(state.last_x, x) : x;
  Curve kept;
  const auto keep = [&](std::size_t i) {
    kept.xs.push_back(c.xs[i]);
    kept.ys.push_back(c.ys[i]);
  };
  std::size_t i = 0;
  for (; i < c.xs.size() && c.xs[i] < low; ++i) {
    keep(i);
  }
  const bool forward = !state.stroke || state.last_x <= x;
  if (state.stroke && state.last_x != x && forward) {
    kept.xs.push_back(state.last_x);
    kept.ys.push_back(state.last_y);
  }
  kept.xs.push_back(x);
  kept.ys.push_back(y);
  if (state.stroke && state.last_x != x && !forward) {
    kept.xs.push_back(state.last_x);
    kept.ys.push_back(state.last_y);
  }
  for (; i < c.xs.size(); ++i) {
    if (c.xs[i] > high) {
      keep(i);
    }
  }
  c = std::move(kept);
  state.last_x = x;
  state.last_y = y;
}

bool follow_mouse(PlotState& state) {
  if (!ImGui::IsMouseDown(ImGuiMouseButton_Left)) {
    state.stroke = false;
    return false;
  }
  const bool starts =
      !state.stroke && ImPlot::IsPlotHovered() && ImGui::IsMouseClicked(ImGuiMouseButton_Left);
  if (!starts && !state.stroke) {
    return false;
  }
  const ImPlotPoint p = ImPlot::GetPlotMousePos();
  const double x = std::clamp(p.x, state.x.from, state.x.to);
  const double y = std::clamp(p.y, state.y.from, state.y.to);
  if (!starts && x == state.last_x && y == state.last_y) {
    return false;
  }
  add_stroke_point(state, x, y);
  state.stroke = true;
  return true;
}

/// A straight line of this slope through the middle of log-log axes, kept inside the plot.
Curve power_law(const PlotState& state, double slope) {
  Curve c;
  const double x_mid = std::sqrt(state.x.from * state.x.to);
  const double y_mid = std::sqrt(state.y.from * state.y.to);
  constexpr int kPoints = 41;
  for (int i = 0; i < kPoints; ++i) {
    const double x = state.x.from * std::pow(state.x.to / state.x.from, i / double(kPoints - 1));
    const double y = y_mid * std::pow(x / x_mid, slope);
    if (y >= state.y.from && y <= state.y.to) {
      c.xs.push_back(x);
      c.ys.push_back(y);
    }
  }
  return c;
}

bool tools(const Ui& ui, PlotState& state, bool powers) {
  bool changed = false;
  ui::push_type(ui, ui::Type::small);
  if (ui::quiet_button(ui, ICON_FA_ERASER "  Clear###clear", !state.drawn.empty())) {
    state.drawn = {};
    changed = true;
  }
  if (powers) {
    constexpr const char* kLabels[] = {"flat###slope0", "grows like x###slope1", "grows like x²###slope2"};
    for (int slope = 0; slope < 3; ++slope) {
      ImGui::SameLine();
      if (ui::quiet_button(ui, kLabels[slope])) {
        state.drawn = power_law(state, slope);
        changed = true;
      }
    }
  }
  ui::pop_type();
  return changed;
}

}  // namespace

bool draw_curve_panel(Ui& ui, const Plot& axes, std::uint64_t version, PlotState& state, ImVec2 size) {
  if (!state.prepared || state.version != version || state.predicted != 0) {
    prepare(axes, nullptr, state);
    state.predicted = 0;
    state.version = version;
    state.refit = true;
  }
  ImGui::PushID(text("draw:", axes.key).c_str());
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const ImVec2 box(size.x > 0 ? size.x : room.x, size.y > 0 ? size.y : std::max(room.y, em(14)));
  const float top = ImGui::GetCursorPosY();
  ui::paragraph(ui, "Draw what you expect", ui::Type::bold, box.x);
  const bool powers = state.x.scaling == Scaling::log && state.y.scaling == Scaling::log;
  bool changed = tools(ui, state, powers);
  const float height = std::max(em(8), box.y - (ImGui::GetCursorPosY() - top));
  if (begin_axes(ui, axes, state, {box.x, height}, true)) {
    changed = follow_mouse(state) || changed;
    const int count = static_cast<int>(state.drawn.xs.size());
    ImPlotSpec spec;
    spec.LineColor = ui.colors().blue;
    spec.LineWeight = 3;
    spec.Flags = ImPlotItemFlags_NoLegend | ImPlotItemFlags_NoFit;
    if (count == 0) {
      plot_words(ui, "Press and drag: draw the curve you expect");
    } else {
      ImPlot::PlotLine("##drawn", state.drawn.xs.data(), state.drawn.ys.data(), count, spec);
    }
    ImPlot::EndPlot();
  }
  ImGui::PopID();
  return changed;
}

}  // namespace alab::panels
