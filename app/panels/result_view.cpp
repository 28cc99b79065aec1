// Tabs over the parts of a Result.
// SPDX-License-Identifier: MIT
#include "app/panels/result_view.hpp"

#include <algorithm>

#include "app/panels/checks_panel.hpp"
#include "app/panels/notes_panel.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::Ui;

enum class Part { stepper, plot, heatmap, table, checks };

struct Tab {
  std::string key;
  Part part;
  std::size_t index;
};

/// A key that a student can read stands for the tab; a plot's own title is a sentence and too long.
std::vector<Tab> tabs_of(const Result& result, bool table_pinned, std::string_view pinned) {
  std::vector<Tab> tabs;
  const auto add = [&](const auto& items, Part part) {
    for (std::size_t i = 0; i < items.size(); ++i) {
      if (part != Part::table || !table_pinned || items[i].key != pinned) {
        tabs.push_back({items[i].key, part, i});
      }
    }
  };
  add(result.steppers, Part::stepper);
  add(result.plots, Part::plot);
  add(result.heatmaps, Part::heatmap);
  add(result.tables, Part::table);
  if (!result.checks.empty() || !result.scalars.empty() || !result.notes.empty()) {
    tabs.push_back({"checks", Part::checks, 0});
  }
  return tabs;
}

const char* icon_of(Part part) {
  switch (part) {
    case Part::stepper:
      return ICON_FA_CIRCLE_PLAY;
    case Part::plot:
      return ICON_FA_CHART_LINE;
    case Part::heatmap:
      return ICON_FA_TABLE_CELLS;
    case Part::table:
      return ICON_FA_LIST;
    case Part::checks:
      return ICON_FA_CLIPBOARD_CHECK;
  }
  return "";
}

struct View {
  Ui& ui;
  const Result& result;
  std::uint64_t version;
  ResultViewState& state;
  const ResultViewOptions& options;
  ResultViewEvents& events;
  bool dimmed;
};

void show_plot(View& v, const Plot& plot) {
  PlotState& state = v.state.plots[plot.key];
  const bool asked = plot.key == v.options.prediction_plot;
  if (v.options.hide_truth && v.options.draw_curve && asked) {
    v.events.curve_changed = draw_curve_panel(v.ui, plot, v.version, state, {}) || v.events.curve_changed;
    return;
  }
  PlotOptions options;
  options.hide_truth = v.options.hide_truth;
  options.prediction = asked ? v.options.prediction : nullptr;
  options.dimmed = v.dimmed;
  plot_panel(v.ui, plot, v.version, state, {}, options);
}

void show_checks(View& v) {
  ImGui::BeginChild("checks", {0, 0}, ImGuiChildFlags_NavFlattened);
  result_notes(v.ui, v.result);
  if (!v.result.checks.empty()) {
    ui::text_as(v.ui, ui::Type::heading3,
                v.result.passed() ? "All criteria hold" : "A criterion does not hold");
    ui::vspace(0.15F);
    checks_panel(v.ui, v.result);
  }
  if (!v.result.scalars.empty()) {
    ui::vspace(0.3F);
    ui::text_as(v.ui, ui::Type::heading3, "Numbers");
    ui::vspace(0.15F);
    scalars_panel(v.ui, v.result);
  }
  ui::muted(v.ui, text("input: ", v.result.input.empty() ? "none" : v.result.input, "     ", v.result.params),
            ui::Type::tiny);
  ImGui::EndChild();
}

void show_tab(View& v, const Tab& tab) {
  if (v.options.hide_truth && tab.part != Part::plot) {
    ui::state_panel(v.ui, "hidden",
                    {ui::Phase::empty, "Commit or skip the prediction first: then this fills.", "", 0}, {});
    return;
  }
  switch (tab.part) {
    case Part::stepper: {
      const Stepper& stepper = v.result.steppers[tab.index];
      stepper_panel(v.ui, stepper, v.version, v.state.steppers[tab.key], {},
                    {.dimmed = v.dimmed, .keyboard = true});
      break;
    }
    case Part::plot:
      show_plot(v, v.result.plots[tab.index]);
      break;
    case Part::heatmap:
      heatmap_panel(v.ui, v.result.heatmaps[tab.index], v.version, v.state.heatmaps[tab.key], {}, v.dimmed);
      break;
    case Part::table: {
      const ImVec2 room = ImGui::GetContentRegionAvail();
      table_panel(v.ui, v.result.tables[tab.index], v.version, v.state.tables[tab.key], {0, room.y},
                  v.dimmed);
      break;
    }
    case Part::checks:
      show_checks(v);
      break;
  }
}

void show_tabs(View& v, const std::vector<Tab>& tabs, float height) {
  const bool focus_known =
      std::any_of(tabs.begin(), tabs.end(), [&](const Tab& t) { return t.key == v.state.focus; });
  const ImGuiTabBarFlags flags = ImGuiTabBarFlags_FittingPolicyScroll | ImGuiTabBarFlags_NoTooltip |
                                 (tabs.size() > 7 ? ImGuiTabBarFlags_TabListPopupButton : 0);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {em(0.65F), em(0.3F)});
  const bool open = ImGui::BeginTabBar("##results", flags);
  ImGui::PopStyleVar();
  if (!open) {
    return;
  }
  for (const Tab& tab : tabs) {
    const std::string name = tab.part == Part::checks ? std::string("Checks") : title_of_key(tab.key);
    const std::string label = text(icon_of(tab.part), "  ", name, "###", tab.key);
    const ImGuiTabItemFlags select =
        focus_known && tab.key == v.state.focus ? ImGuiTabItemFlags_SetSelected : 0;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {em(0.65F), em(0.3F)});
    const bool shown = ImGui::BeginTabItem(label.c_str(), nullptr, select);
    ImGui::PopStyleVar();
    if (shown) {
      v.state.current = tab.key;
      if (v.state.focus == tab.key) {
        v.state.focus.clear();
      }
      ImGui::BeginChild("body", {0, height - ImGui::GetFrameHeightWithSpacing()},
                        ImGuiChildFlags_NavFlattened, ImGuiWindowFlags_NoScrollWithMouse);
      show_tab(v, tab);
      ImGui::EndChild();
      ImGui::EndTabItem();
    }
  }
  ImGui::EndTabBar();
}

}  // namespace

std::string title_of_key(std::string_view key) {
  std::string title(key);
  std::replace(title.begin(), title.end(), '_', ' ');
  if (!title.empty() && title[0] >= 'a' && title[0] <= 'z') {
    title[0] = static_cast<char>(title[0] - 'a' + 'A');
  }
  return title;
}

bool wants_frames(const ResultViewState& state) {
  return std::any_of(state.steppers.begin(), state.steppers.end(),
                     [](const auto& s) { return wants_frames(s.second); }) ||
         std::any_of(state.plots.begin(), state.plots.end(),
                     [](const auto& p) { return wants_frames(p.second); });
}

ResultViewEvents result_view(Ui& ui, const Result* result, std::uint64_t version,
                             const ui::PanelStatus& status, ResultViewState& state,
                             const ResultViewOptions& options) {
  ResultViewEvents events;
  if (result == nullptr) {
    const ui::StatusAction action = ui::state_panel(ui, "status", status, {});
    events.run = action.run;
    events.cancel = action.cancel;
    return events;
  }
  const ui::StatusAction action = ui::state_strip(ui, "strip", status);
  events.run = action.run;
  events.cancel = action.cancel;
  const bool dimmed = status.phase == ui::Phase::stale || status.phase == ui::Phase::failed;
  View view{ui, *result, version, state, options, events, dimmed};
  const Table* table = options.pinned_table.empty() ? nullptr : result->table(options.pinned_table);
  const float room = ImGui::GetContentRegionAvail().y;
  const bool pinned = table != nullptr && room > em(38);
  const float below = pinned ? std::min(room * 0.4F, em(5 + 2 * static_cast<float>(table->rows.size()))) : 0;
  show_tabs(view, tabs_of(*result, pinned, options.pinned_table), room - below - (pinned ? em(0.5F) : 0));
  if (pinned) {
    table_panel(ui, *table, version, state.tables[table->key], {0, below}, dimmed);
  }
  return events;
}

}  // namespace alab::panels
