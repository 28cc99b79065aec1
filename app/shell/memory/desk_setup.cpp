// What is counted: the op, the rung, its problem and tiles; and the Count button with its progress.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <utility>

#include "app/shell/memory/parts.hpp"
#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"

namespace alab::shell {
namespace {

void ensure_params(MemoryDesk& desk, const Op& op, const Rung& rung) {
  desk.problems.try_emplace(desk.op, small_problem(op));
  desk.tiles.try_emplace(text(desk.op, "/", desk.rung), ParamSet(rung.tiles));
}

std::string rung_title(const Rung& rung) {
  return text(rung.id.substr(0, 2), "  ", rung.title);
}

void choose_op(App& app, const Lab& lab, float width) {
  std::vector<std::string_view> titles;
  int index = 0;
  for (std::size_t i = 0; i < ops_of_lab(lab.id).size(); ++i) {
    const Op* op = find_op(ops_of_lab(lab.id)[i]);
    titles.push_back(op == nullptr ? ops_of_lab(lab.id)[i] : op->title);
    index = ops_of_lab(lab.id)[i] == app.desk.op ? static_cast<int>(i) : index;
  }
  ImGui::SetNextItemWidth(width);
  if (ImGui::BeginCombo("##op", std::string(titles[static_cast<std::size_t>(index)]).c_str())) {
    for (int i = 0; i < static_cast<int>(titles.size()); ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (ImGui::Selectable(text(titles[at], "###", ops_of_lab(lab.id)[at]).c_str(), i == index)) {
        open_desk(app, ops_of_lab(lab.id)[at], "");
      }
    }
    ImGui::EndCombo();
  }
  ui::help(app.ui, "Whose ladder of kernels");
}

void choose_rung(App& app, const Rung& chosen, float width) {
  ImGui::SetNextItemWidth(width);
  if (ImGui::BeginCombo("##rung", rung_title(chosen).c_str(), ImGuiComboFlags_HeightLarge)) {
    for (const RungBuild* build : desk_rungs(app.desk.op)) {
      const Rung& rung = *build->rung;
      const bool counted = app.desk.counts.of(rung) != nullptr;
      const std::string label = text(rung_title(rung), counted ? "  " ICON_FA_CHECK : "", "###", rung.id);
      if (ImGui::Selectable(label.c_str(), &rung == &chosen)) {
        app.desk.rung = std::string(rung.id);
      }
      ui::help(app.ui, rung.teaches);
    }
    ImGui::EndCombo();
  }
  ui::help(app.ui, text(chosen.teaches, " ", chosen.limit));
}

void count_button(App& app, const CountRequest& request) {
  if (app.desk.counts.running()) {
    if (ui::quiet_button(app.ui, "Cancel###cancel_count", true, ui::em(6))) {
      do_action(app, "cancel");
    }
    ui::help(app.ui, "Esc");
    return;
  }
  if (ui::primary_button(app.ui, "Count###count", request.build != nullptr, ui::em(6))) {
    count_desk(app);
  }
  ui::help(app.ui, request.build == nullptr ? counted_unavailable()
                                            : "Runs the kernel on the CPU executor and counts (F5)");
}

void params(App& app, const CountRequest& request) {
  MemoryDesk& desk = app.desk;
  panels::ParamsOptions options;
  options.enabled = !desk.counts.running();
  ImGui::PushID("problem");
  panels::params_panel(app.ui, desk.problems.at(desk.op), desk.problem_params, options);
  ImGui::PopID();
  ParamSet& tiles = desk.tiles.at(text(desk.op, "/", desk.rung));
  if (!tiles.schema().empty()) {
    ui::text_as(app.ui, ui::Type::small, "Tile sizes of this rung");
    ImGui::PushID("tiles");
    panels::params_panel(app.ui, tiles, desk.tile_params, options);
    ImGui::PopID();
  }
  if (const std::string why = request.build == nullptr ? "" : why_not(request); !why.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().orange);
    ui::paragraph(app.ui, text("Not this problem: ", why), ui::Type::small);
    ImGui::PopStyleColor();
  }
}

void problem_line(App& app, const CountRequest& request) {
  MemoryDesk& desk = app.desk;
  const std::string icon = desk.setup_open ? ICON_FA_CHEVRON_DOWN : ICON_FA_CHEVRON_RIGHT;
  if (ui::icon_button(app.ui, "setup", icon.c_str(),
                      desk.setup_open ? "Fold the problem away" : "Change the problem")) {
    desk.setup_open = !desk.setup_open;
  }
  ImGui::SameLine(0, ui::em(0.3F));
  ImGui::AlignTextToFramePadding();
  ui::push_type(app.ui, ui::Type::small);
  ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().muted);
  const std::string tiles = request.tiles.describe();
  ui::text_fitted(app.ui,
                  text("Problem: ", request.problem.describe(), tiles.empty() ? "" : "  tiles: ", tiles),
                  ImGui::GetContentRegionAvail().x);
  ImGui::PopStyleColor();
  ui::pop_type();
}

void status_strip(App& app, const CountRequest& request) {
  MemoryDesk& desk = app.desk;
  ui::PanelStatus status;
  const Rung* rung = desk_rung(app);
  const auto count = rung == nullptr ? nullptr : desk.counts.of(*rung);
  if (desk.counts.running()) {
    const JobStatus job = desk.counts.status();
    status = {ui::Phase::running, text("Counting ", desk.counts.current().build->rung->title, ": ", job.what),
              "", job.fraction};
  } else if (!desk.counts.error().empty()) {
    status = {ui::Phase::failed, desk.counts.error(), "", 0};
  } else if (count != nullptr && !(count->request == request)) {
    const bool text_changed = count->request.own.source != request.own.source;
    status = {ui::Phase::stale,
              text("The ", text_changed ? "code" : "problem", " has changed since this was counted."), "", 0};
  } else {
    return;
  }
  const ui::StatusAction action = ui::state_strip(app.ui, "count_strip", status);
  if (action.run) {
    count_desk(app);
  }
  if (action.cancel) {
    do_action(app, "cancel");
  }
}

/// By the command line or a link, before there was a frame.
void count_what_was_asked(App& app) {
  if (std::exchange(app.desk.count_soon, false)) {
    count_desk(app);
  }
  if (std::exchange(app.desk.ladder_soon, false)) {
    count_ladder(app);
  }
}

/// In place of op, rung and problem.
void own_kernel_setup(App& app) {
  draw_own_kernel_choice(app, ImGui::GetContentRegionAvail().x - ui::em(6) - ImGui::GetStyle().ItemSpacing.x);
  ImGui::SameLine();
  count_what_was_asked(app);
  count_button(app, desk_request(app));
  status_strip(app, desk_request(app));
}

}  // namespace

void draw_desk_setup(App& app, const Lab& lab) {
  if (app.desk.exercise != nullptr) {
    own_kernel_setup(app);
    return;
  }
  const Op* op = find_op(app.desk.op);
  const Rung* rung = desk_rung(app);
  if (op == nullptr || rung == nullptr) {
    return;
  }
  ensure_params(app.desk, *op, *rung);
  const float em = ui::em(1);
  const float room = ImGui::GetContentRegionAvail().x - 6 * em - 2 * ImGui::GetStyle().ItemSpacing.x;
  choose_op(app, lab, 0.46F * room);
  ImGui::SameLine();
  choose_rung(app, *rung, 0.54F * room);
  rung = desk_rung(app);  // the ladder may have changed
  if (rung == nullptr) {
    return;
  }
  ensure_params(app.desk, *find_op(app.desk.op), *rung);
  ImGui::SameLine();
  const CountRequest request = desk_request(app);
  count_what_was_asked(app);
  count_button(app, request);
  problem_line(app, request);
  if (app.desk.setup_open) {
    const float most = 0.5F * ImGui::GetContentRegionAvail().y;
    const bool tall = app.desk.setup_height > most;
    ImGui::BeginChild("setup_params", {0, tall ? most : 0},
                      ImGuiChildFlags_NavFlattened | (tall ? 0 : ImGuiChildFlags_AutoResizeY));
    params(app, request);
    app.desk.setup_height = ImGui::GetCursorPosY();
    ImGui::EndChild();
  }
  status_strip(app, desk_request(app));
}

}  // namespace alab::shell
