// Draws a Plot; the prediction comes first, then the truth from left to right.
// SPDX-License-Identifier: MIT
#include "app/panels/plot_panel.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <optional>

#include "app/panels/plot_axes.hpp"
#include "app/panels/plot_frame.hpp"
#include "app/panels/plot_marks.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "implot/implot.h"
#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::u32;
using ui::Ui;

constexpr double kPause = 0.35, kReveal = 0.4;  // seconds: prediction alone, then the truth

void legend_entry(Ui& ui, const Series& series, std::size_t index, const ImVec4& hue, PlotState& state) {
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
  const ImU32 color = u32(hue, off ? 0.25F : 1.0F);
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
    draw_marker_sample(draw, {pos.x + sample / 2, y}, 4, index, color);
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
  const std::vector<ImVec4> colors = marks_of(ui, plot, state).colors;
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
    legend_entry(ui, plot.series[i], i, colors[i], state);
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

void draw_hover(Ui& ui, const Plot& plot, const PlotState& state, const std::vector<ImVec4>& colors) {
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
  ImPlot::GetPlotDrawList()->AddCircle(hit->pixel, em(0.45F), u32(colors[hit->series]), 0, 2);
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
  const PlotMarks marks = marks_of(ui, plot, state);
  ImDrawList* draw = ImPlot::GetPlotDrawList();
  const ImVec2 low = ImPlot::GetPlotPos();
  const ImVec2 size = ImPlot::GetPlotSize();
  draw->PushClipRect(low, {low.x + size.x * share, low.y + size.y}, true);
  for (std::size_t s = 0; s < plot.series.size(); ++s) {
    if (!state.hidden.contains(plot.series[s].key)) {
      draw_series(marks, s);
    }
  }
  draw->PopClipRect();
  if (share >= 1) {
    draw_slopes(marks);
    draw_hover(ui, plot, state, marks.colors);
  }
}

bool any_non_finite(const PlotState& state) {
  return std::any_of(state.drawn_series.begin(), state.drawn_series.end(),
                     [](const DrawnSeries& s) { return !s.non_finite.empty(); });
}

}  // namespace

void plot_panel(Ui& ui, const Plot& plot, std::uint64_t version, PlotState& state, ImVec2 size,
                const PlotOptions& options) {
  const std::size_t predicted = options.prediction == nullptr ? 0 : options.prediction->xs.size();
  if (!state.prepared || state.version != version || state.predicted != predicted) {
    prepare(plot, options.prediction, state);
    state.predicted = predicted;
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
  std::function<std::string()> as_text;
  if (!options.hide_truth) {
    as_text = [&] { return plot_as_text(plot); };
  }
  if (plot_header(ui, tools, box.x, as_text)) {
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
    if (options.hide_truth) {
      plot_words(ui, "Commit or skip your prediction, then the curves appear here");
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
