// Counted kernels under the roof of a GPU that the student chooses: bytes first, time second.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/shell/memory/parts.hpp"
#include "app/shell/model/roofline_sheet.hpp"

namespace alab::shell {
namespace {

std::string source_of(const RooflineDevice& device) {
  const MeasuredPeaks& m = device.measured;
  std::string words = text("Peaks from ", device.source, ".");
  if (m.bytes_per_second > 0) {
    words += text(" Reached in measurements: ", format_value(m.bytes_per_second / 1e12, ""), " TB/s, fp16 ",
                  format_value(m.fp16_flops / 1e12, ""), " and fp32 ", format_value(m.fp32_flops / 1e12, ""),
                  " TFLOP/s (", m.source, ").");
  }
  return words;
}

void choose_device(App& app, float width) {
  const RooflineDevice*& chosen = app.desk.roofline.device;
  ImGui::SetNextItemWidth(width);
  if (ImGui::BeginCombo("##device", std::string(chosen->name).c_str(), ImGuiComboFlags_HeightLarge)) {
    for (const RooflineDevice& device : roofline_devices()) {
      if (ImGui::Selectable(std::string(device.name).c_str(), &device == chosen)) {
        chosen = &device;
      }
      ui::help(app.ui, source_of(device));
    }
    ImGui::EndCombo();
  }
  ui::help(app.ui, source_of(*chosen));
}

void ladder_button(App& app, float width) {
  const std::size_t left = uncounted_ladder(app.desk).size();
  if (app.desk.counts.running()) {
    if (ui::quiet_button(app.ui, "Cancel###cancel_ladder", true, width)) {
      do_action(app, "cancel");
    }
    ui::help(app.ui, text(app.desk.counts.status().what, " (Esc cancels)"));
    return;
  }
  if (ui::quiet_button(app.ui, "Count the ladder###count_ladder", left > 0, width)) {
    count_ladder(app);
  }
  ui::help(app.ui, counted_rungs().empty() ? counted_unavailable()
                   : left == 0 ? std::string("Every rung that can take this problem is counted on it")
                               : text("Counts the ", left, " rungs that are not counted on this problem"));
}

void refresh(MemoryDesk& desk, std::string_view lab) {
  RooflineState& state = desk.roofline;
  const std::string made_of = text(desk.op, " ", desk.counts.version(), " ", state.device->name);
  if (state.made_of == made_of) {
    return;
  }
  state.made_of = made_of;
  ++state.version;
  Result sheet = roofline_sheet(*state.device, desk.counts.ladder(desk.op));
  sheet.lab = std::string(lab);
  state.sheet = std::make_shared<const Result>(std::move(sheet));
}

void words(App& app) {
  ui::push_type(app.ui, ui::Type::tiny);
  ui::text_colored(app.ui.colors().muted, "Words:");
  for (const char* word : {"moved", "compulsory", "FLOPs", "intensity", "roof", "ridge", "occupancy"}) {
    ImGui::SameLine(0, ui::em(0.6F));
    ui::glossary_term(app.ui, word);
  }
  ui::pop_type();
}

}  // namespace

void draw_roofline(App& app) {
  MemoryDesk& desk = app.desk;
  RooflineState& state = desk.roofline;
  refresh(desk, app.book.lab()->id);
  ui::push_type(app.ui, ui::Type::small);
  const float button = ui::em(9);
  choose_device(app, ImGui::GetContentRegionAvail().x - button - ImGui::GetStyle().ItemSpacing.x);
  ImGui::SameLine();
  ladder_button(app, button);
  ui::pop_type();
  const Table& table = state.sheet->tables.front();
  if (table.rows.empty()) {
    seeing(app,
           "Count a rung (F5), or the whole ladder: FLOPs and bytes give each its place under this roof.");
  }
  for (const std::string& note : state.sheet->notes) {
    seeing(app, note);
  }
  words(app);
  ImGui::BeginChild("sheet", {0, 0}, ImGuiChildFlags_NavFlattened);
  const float room = ImGui::GetContentRegionAvail().y;
  const float width = ImGui::GetContentRegionAvail().x - ui::em(0.9F);  // the last tick's number stands out
  panels::plot_panel(app.ui, state.sheet->plots.front(), state.version, state.plot,
                     {width, table.rows.empty() ? room : std::max(ui::em(23), 0.5F * room)});
  if (!table.rows.empty()) {
    panels::table_panel(app.ui, table, state.version, state.table, {0, 0});
  }
  ImGui::EndChild();
}

}  // namespace alab::shell
