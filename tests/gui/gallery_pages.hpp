// What the gallery shows and the pages that show it.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/panels/input_panel.hpp"
#include "app/panels/params_panel.hpp"
#include "app/panels/result_view.hpp"
#include "gallery_data.hpp"

namespace alab::gallery {

struct Gallery {
  ui::Ui ui;
  Result result = sample_result();
  Plot odd = odd_plot(), lengthy = long_plot(), bars = bar_plot(), signs = signed_plot();
  Heatmap scores = signed_map(), large = large_map();
  Stepper row = row_stepper(), film = state_stepper();
  Table wide = wide_table();
  ParamSet params = sample_params();
  panels::ResultViewState view, view_narrow;
  panels::PlotState plots[8];
  panels::HeatmapState maps[3];
  panels::StepperState steppers[4];
  panels::TableState tables[3];
  panels::ParamsState params_state;
  panels::InputChoice choice;
  panels::InputState input;
  std::vector<panels::InputEntry> inputs;
  panels::Curve guess;
  std::string notes;
  int radio = 1;
  bool flag = true;
};

/// Gives the pages something to link, choose and pin.
void fill(Gallery& gallery);

struct Page {
  std::string_view name;
  void (*draw)(Gallery&);
};
std::span<const Page> all_pages();

}  // namespace alab::gallery
