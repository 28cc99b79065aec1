// The title line, the note and the axes of plots.
// SPDX-License-Identifier: MIT
#include "app/panels/plot_frame.hpp"

#include <algorithm>
#include <cmath>

#include "app/panels/plot_axes.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "implot/implot.h"
#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::Ui;

ImPlotScale implot_scale(Scaling scaling) {
  switch (scaling) {
    case Scaling::log:
      return ImPlotScale_Log10;
    case Scaling::symlog:
      return ImPlotScale_SymLog;
    case Scaling::linear:
      break;
  }
  return ImPlotScale_Linear;
}

void setup_axis(ImAxis which, const Axis& axis, AxisView& view, int most, bool locked) {
  const std::string title = axis_title(axis);
  const ImPlotAxisFlags flags = ImPlotAxisFlags_NoMenus | ImPlotAxisFlags_NoSideSwitch |
                                ImPlotAxisFlags_NoHighlight | (locked ? ImPlotAxisFlags_Lock : 0);
  ImPlot::SetupAxis(which, title.c_str(), flags);
  ImPlot::SetupAxisScale(which, implot_scale(view.scaling));
  ImPlot::SetupAxisLinks(which, &view.from, &view.to);
  const Ticks ticks = ticks_of(view, axis.unit, most);
  std::vector<const char*> labels;
  for (const std::string& label : ticks.labels) {
    labels.push_back(label.c_str());
  }
  if (!ticks.at.empty()) {
    ImPlot::SetupAxisTicks(which, ticks.at.data(), static_cast<int>(ticks.at.size()), labels.data());
  }
}

}  // namespace

std::vector<Provenance> provenance_of(const Plot& plot) {
  std::vector<Provenance> kinds;
  for (const Series& series : plot.series) {
    const auto same = std::find_if(kinds.begin(), kinds.end(),
                                   [&](const Provenance& p) { return p.kind == series.provenance.kind; });
    if (same == kinds.end()) {
      kinds.push_back(series.provenance);
    } else if (same->source.find(series.provenance.source) == std::string::npos) {
      same->source += "\n" + series.provenance.source;
    }
  }
  return kinds;
}

bool plot_header(Ui& ui, const FrameTools& tools, float width, const std::function<std::string()>& as_text) {
  float right = 0;
  for (const Provenance& p : tools.provenance) {
    right += ui::provenance_chip_width(ui, p) + em(0.35F);
  }
  const float button = em(1.75F);
  const bool exports = static_cast<bool>(ui.hooks.export_item);
  const int buttons = (as_text ? 1 : 0) + (exports ? 1 : 0) + (tools.reset ? 1 : 0);
  right += static_cast<float>(buttons) * button;
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ui::paragraph(ui, tools.title, ui::Type::bold, std::max(em(6), width - right - em(0.8F)));
  const float bottom = ImGui::GetCursorScreenPos().y;
  ImGui::SetCursorScreenPos({pos.x + width - right, pos.y + em(0.02F)});
  for (const Provenance& p : tools.provenance) {
    ui::provenance_chip(ui, p);
    ImGui::SameLine(0, em(0.35F));
  }
  bool reset = false;
  ImGui::SetCursorScreenPos({ImGui::GetCursorScreenPos().x, pos.y - em(0.1F)});
  if (tools.reset) {
    reset = ui::icon_button(ui, "##fit", ICON_FA_EXPAND, "Show all (double click)");
    ImGui::SameLine(0, 0);
  }
  if (as_text) {
    ui::copy_button(ui, "##copy", tools.what, as_text);
    ImGui::SameLine(0, 0);
  }
  if (exports && ui::icon_button(ui, "##export", ICON_FA_FILE_EXPORT, "Export this (Ctrl+S)")) {
    ui.hooks.export_item(tools.key);
  }
  ImGui::SetCursorScreenPos({pos.x, std::max(bottom, pos.y + em(1.5F))});
  ImGui::Dummy({0, 0});
  ImGui::SetCursorScreenPos({pos.x, std::max(bottom, pos.y + em(1.5F))});
  return reset;
}

float note_height(const Ui& ui, std::string_view note, float width) {
  ui::push_type(ui, ui::Type::small);
  const float height =
      ui::wrapped_text(nullptr, {}, 0, note, std::max(width, em(6))).y + ImGui::GetStyle().ItemSpacing.y;
  ui::pop_type();
  return height + em(0.15F);
}

void plot_note(const Ui& ui, std::string_view note, float width) {
  ImGui::PushStyleColor(ImGuiCol_Text, ui.colors().muted);
  ui::paragraph(ui, note, ui::Type::small, width);
  ImGui::PopStyleColor();
}

void plot_words(const Ui& ui, const char* words) {
  const ImVec2 low = ImPlot::GetPlotPos();
  const ImVec2 size = ImPlot::GetPlotSize();
  const ImVec2 extent = ImGui::CalcTextSize(words, nullptr, false, size.x * 0.9F);
  const ImVec2 at(low.x + (size.x - extent.x) / 2, low.y + (size.y - extent.y) / 2);
  ImPlot::GetPlotDrawList()->AddText(ImGui::GetFont(), ImGui::GetFontSize(), at, ui::u32(ui.colors().muted),
                                     words, nullptr, size.x * 0.9F);
}

bool begin_axes(Ui& ui, const Plot& plot, PlotState& state, ImVec2 size, bool locked) {
  if (state.refit) {
    state.x.from = state.x.low;
    state.x.to = state.x.high;
    state.y.from = state.y.low;
    state.y.to = state.y.high;
    state.refit = false;
  }
  ui::push_type(ui, ui::Type::small);
  const ImPlotFlags flags = ImPlotFlags_NoTitle | ImPlotFlags_NoLegend | ImPlotFlags_NoMenus |
                            ImPlotFlags_NoBoxSelect | ImPlotFlags_NoMouseText |
                            (locked ? ImPlotFlags_NoInputs : 0);
  const bool open = ImPlot::BeginPlot("##plot", size, flags);
  if (open) {
    const int across = std::clamp(static_cast<int>(size.x / em(4.6F)), 2, 12);
    const int up = std::clamp(static_cast<int>(size.y / em(2.6F)), 2, 9);
    setup_axis(ImAxis_X1, plot.x, state.x, across, locked);
    setup_axis(ImAxis_Y1, plot.y, state.y, up, locked);
    ImPlot::SetupFinish();
    if (ImPlot::IsPlotHovered() && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
      state.refit = true;
    }
  }
  ui::pop_type();
  return open;
}

}  // namespace alab::panels
