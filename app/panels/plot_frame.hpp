// What plots, maps and steppers share: the title line with provenance and tools, the line below, ImPlot's
// axes. SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "app/panels/plot_panel.hpp"

namespace alab::panels {

struct FrameTools {
  std::string_view title;
  std::vector<Provenance> provenance;  ///< one chip each, kinds not repeated
  std::string_view what;               ///< "the data": what copy copies
  std::string_view key;                ///< handed to the export hook
  bool reset = false;                  ///< shows the "show all" button
};

/// The distinct kinds of a plot's series; sources of the same kind are joined.
std::vector<Provenance> provenance_of(const Plot& plot);
/// Title (wrapped) at the left, chips and tools at the right. True when "show all" was pressed.
bool plot_header(ui::Ui& ui, const FrameTools& tools, float width,
                 const std::function<std::string()>& as_text);
float note_height(const ui::Ui& ui, std::string_view note, float width);
/// "What am I seeing": one quiet line, wrapped.
void plot_note(const ui::Ui& ui, std::string_view note, float width);
/// Quiet words in the middle of an empty plot; between BeginPlot and EndPlot.
void plot_words(const ui::Ui& ui, const char* words);
/// ImPlot::BeginPlot with axes, ticks and limits of the state; EndPlot is the caller's when it returns true.
bool begin_axes(ui::Ui& ui, const Plot& plot, PlotState& state, ImVec2 size, bool locked);

}  // namespace alab::panels
