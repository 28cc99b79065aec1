// The strip along the bottom: what runs, what was saved, what was measured on what, and quiet notices.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "kernels/backend.hpp"

namespace alab::shell {
namespace {

std::string ago(double seconds) {
  if (seconds < 5) {
    return "saved just now";
  }
  if (seconds < 60) {
    return text("saved ", static_cast<int>(seconds / 5) * 5, " s ago");
  }
  return seconds < 3600 ? text("saved ", static_cast<int>(seconds / 60), " min ago")
                        : text("saved ", static_cast<int>(seconds / 3600), " h ago");
}

void job_part(App& app, float width) {
  const bool exporting = app.exporter.running();
  const bool counting = !exporting && app.desk.counts.running();
  const JobStatus status = exporting  ? app.exporter.status()
                           : counting ? app.desk.counts.status()
                                      : app.runner.status();
  if (status.state != JobState::running) {
    if (!app.notice.words.empty() && (app.notice.until < 0 || ImGui::GetTime() < app.notice.until)) {
      if (app.notice.until < 0) {
        if (ui::icon_button(app.ui, "dismiss", ICON_FA_XMARK, "Dismiss")) {
          app.notice = {};
        }
        ImGui::SameLine(0, 4);
      }
      ui::text_fitted(app.ui, app.notice.words, width - ui::em(3));
    } else {
      ui::text_colored(app.ui.colors().muted, "Ready");
    }
    return;
  }
  const float em = ui::em(1);
  const std::string what = exporting  ? "exporting"
                           : counting ? text("counting ", app.desk.counts.current().build->rung->title)
                                      : app.runner.title();
  ui::text_fitted(app.ui, status.what.empty() ? what : text(what, ": ", status.what), width - 16 * em);
  ImGui::SameLine();
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float bar = 7 * em;
  const float y = at.y + 0.3F * em;
  ImDrawList& list = *ImGui::GetWindowDrawList();
  list.AddRectFilled({at.x, y}, {at.x + bar, y + 0.45F * em}, ui::u32(app.ui.colors().line), 4);
  const float part = bar * static_cast<float>(std::clamp(status.fraction, 0.0, 1.0));
  if (part > 1) {
    list.AddRectFilled({at.x, y}, {at.x + part, y + 0.45F * em}, ui::u32(app.ui.colors().blue), 4);
  }
  ImGui::Dummy({bar, em});
  ImGui::SameLine();
  ui::text_colored(app.ui.colors().muted, text(static_cast<int>(100 * status.fraction), " %"));
  ImGui::SameLine();
  if (ui::link_text(app.ui, "cancel", "cancel (Esc)")) {
    do_action(app, "cancel");
  }
}

/// One quiet line about what is missing and felt; "" when nothing is.
std::string missing(const App& app) {
  std::string words;
  for (const Finding& finding : app.findings) {
    if (!finding.loses.empty()) {
      words += text(words.empty() ? "no " : ", no ", finding.name);
    }
  }
  return words;
}

}  // namespace

void draw_status_bar(App& app) {
  const ImVec2 screen = ImGui::GetMainViewport()->Size;
  const float height = app.columns.bottom;
  const float em = ui::kBodySize * ImGui::GetStyle().FontScaleMain;
  const float small = ui::kSmallSize * ImGui::GetStyle().FontScaleMain;
  const ImVec4 ground = ui::mix(app.ui.colors().panel, app.ui.colors().sunken, 0.7F);
  if (begin_region(
          {"status", {0, screen.y - height}, {screen.x, height}, {em, (height - small) / 2}, ground})) {
    ui::push_type(app.ui, ui::Type::small);
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {4, 0});
    const std::string saved = !app.saver.problem().empty() ? "not saved"
                              : app.saver.ever_saved()     ? ago(app.saver.seconds_since_save())
                                                           : "nothing to save yet";
    const std::string lacks = missing(app);
    const std::string machine = cpu_name();
    const float machine_width = std::min(ImGui::CalcTextSize(machine.c_str()).x, 0.24F * screen.x);
    const float icon = ImGui::CalcTextSize(ICON_FA_CIRCLE_INFO).x + 0.4F * em;
    const float lacks_width = lacks.empty() ? 0 : ImGui::CalcTextSize(lacks.c_str()).x + icon + 1.2F * em;
    const float right = ImGui::CalcTextSize(saved.c_str()).x + machine_width + lacks_width + 1.2F * em + 4;
    job_part(app, ImGui::GetContentRegionAvail().x - right - em);
    ImGui::SameLine();
    align_right(right);
    if (!lacks.empty()) {
      ui::text_colored(app.ui.colors().muted, ICON_FA_CIRCLE_INFO);
      ImGui::SameLine(0, 0.4F * em);
      if (ui::link_text(app.ui, "doctor", lacks)) {
        app.doctor_open = true;
      }
      ui::help(app.ui, "What is missing here and the command that mends it");
      ImGui::SameLine(0, 1.2F * em);
    }
    ui::text_colored(app.saver.problem().empty() ? app.ui.colors().muted : app.ui.colors().orange, saved);
    ui::help(app.ui, app.saver.problem().empty() ? "Progress is kept by itself" : app.saver.problem());
    ImGui::SameLine(0, 1.2F * em);
    ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().muted);
    ui::text_fitted(app.ui, machine, machine_width + 2);
    ImGui::PopStyleColor();
    ImGui::PopStyleVar();
    ui::pop_type();
  }
  end_region();
}

}  // namespace alab::shell
