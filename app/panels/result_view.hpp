// A Result as tabs: steppers, plots, maps, tables, checks; only those with content, the one in focus by key.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/panels/heatmap_panel.hpp"
#include "app/panels/plot_panel.hpp"
#include "app/panels/stepper_panel.hpp"
#include "app/panels/table_panel.hpp"

namespace alab::panels {

struct ResultViewState {
  std::map<std::string, PlotState, std::less<>> plots;
  std::map<std::string, HeatmapState, std::less<>> heatmaps;
  std::map<std::string, TableState, std::less<>> tables;
  std::map<std::string, StepperState, std::less<>> steppers;
  std::string
      focus;  ///< set by the shell: key of a plot, map, table, stepper, or "checks"; cleared when shown
  std::string current;  ///< key of the tab in view (read by the shell)
};

struct ResultViewOptions {
  std::string_view prediction_plot;  ///< key of the plot that carries the prediction
  const Curve* prediction = nullptr;
  bool hide_truth = false;        ///< a prediction is open: plots show axes only, other tabs wait
  bool draw_curve = false;        ///< prediction_plot is drawn on with the mouse
  std::string_view pinned_table;  ///< key of a table kept below the tabs when there is room, else a tab
};

struct ResultViewEvents {
  bool run = false, cancel = false;
  bool curve_changed = false;  ///< state.plots[prediction_plot].drawn has changed
};

/// result may be nullptr: then status says why. version changes with each new Result.
/// Tab ids: "<key>" under the tab bar "##results"; the last one is "checks".
ResultViewEvents result_view(ui::Ui& ui, const Result* result, std::uint64_t version,
                             const ui::PanelStatus& status, ResultViewState& state,
                             const ResultViewOptions& options = {});
/// A reveal or a playing stepper is in view: the shell must not idle.
bool wants_frames(const ResultViewState& state);
/// "attention_map" -> "Attention map".
std::string title_of_key(std::string_view key);

}  // namespace alab::panels
