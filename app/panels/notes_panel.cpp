// Notes of the student and of the Result.
// SPDX-License-Identifier: MIT
#include "app/panels/notes_panel.hpp"

#include <algorithm>

#include "hello_imgui/icons_font_awesome_6.h"
#include "misc/cpp/imgui_stdlib.h"

namespace alab::panels {

bool notes_panel(ui::Ui& ui, std::string& text, ImVec2 size) {
  ImGui::PushID("notes");
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const ImVec2 box(size.x > 0 ? size.x : room.x, size.y > 0 ? size.y : std::max(room.y, ui::em(6)));
  ImGui::PushStyleColor(ImGuiCol_FrameBg, ui.colors().raised);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {ui::em(0.8F), ui::em(0.6F)});
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const bool changed = ImGui::InputTextMultiline("##text", &text, box, ImGuiInputTextFlags_WordWrap);
  if (text.empty() && !ImGui::IsItemActive()) {
    ImGui::GetWindowDrawList()->AddText(
        {pos.x + ui::em(0.8F), pos.y + ui::em(0.6F)}, ui::u32(ui.colors().muted),
        "Your notes on this lab. Saved as you type, exported with the report.");
  }
  ImGui::PopStyleVar();
  ImGui::PopStyleColor();
  ImGui::PopID();
  return changed;
}

void result_notes(ui::Ui& ui, const Result& result) {
  for (const std::string& note : result.notes) {
    const ImVec2 pos = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddText(pos, ui::u32(ui.colors().amber), ICON_FA_CIRCLE_INFO);
    ImGui::Indent(ui::em(1.5F));
    ui::paragraph(ui, note, ui::Type::small);
    ImGui::Unindent(ui::em(1.5F));
  }
}

}  // namespace alab::panels
