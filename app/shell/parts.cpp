// SPDX-License-Identifier: MIT
#include "app/shell/parts.hpp"

#include <algorithm>

#include "hello_imgui/icons_font_awesome_6.h"

namespace alab::shell {

bool begin_region(const Region& region) {
  ImGui::SetNextWindowPos(region.pos);
  ImGui::SetNextWindowSize(region.size);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, region.ground);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, region.padding);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 0);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
  ImGuiWindowFlags flags = ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoMove |
                           ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoBringToFrontOnFocus |
                           ImGuiWindowFlags_NoSavedSettings;
  if (!region.scroll) {
    flags |= ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse;
  }
  if (!region.scrollbar) {
    flags |= ImGuiWindowFlags_NoScrollbar;
  }
  const bool open = ImGui::Begin(region.id, nullptr, flags);
  ImGui::PopStyleVar(3);
  ImGui::PopStyleColor();
  return open;
}

void end_region() {
  ImGui::End();
}

bool begin_sheet(App& app, const char* id, const char* title, bool* open, ImVec2 size_em, bool top) {
  if (!*open) {
    return false;
  }
  const ImVec2 screen = ImGui::GetMainViewport()->Size;
  const float em = ui::em(1);
  const ImVec2 size{std::min(size_em.x * em, screen.x - 2 * em), std::min(size_em.y * em, screen.y - 4 * em)};
  ImGui::SetNextWindowSize(size, ImGuiCond_Appearing);
  ImGui::SetNextWindowPos({screen.x / 2, top ? app.columns.top + 0.6F * em : screen.y / 2},
                          ImGuiCond_Appearing, {0.5F, top ? 0.0F : 0.5F});
  ImGui::PushStyleColor(ImGuiCol_WindowBg, app.ui.colors().page);
  ImGui::PushStyleColor(ImGuiCol_Border, app.ui.colors().line_strong);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {1.2F * em, 0.9F * em});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, 1);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 8);
  const ImGuiWindowFlags flags =
      ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoTitleBar;
  ImGui::Begin(id, open, flags);
  ImGui::PopStyleVar(3);
  ImGui::PopStyleColor(2);
  if (ImGui::IsWindowFocused(ImGuiFocusedFlags_ChildWindows) && ImGui::IsKeyPressed(ImGuiKey_Escape, false) &&
      !ImGui::GetIO().WantTextInput) {
    *open = false;
  }
  if (title != nullptr) {
    ui::text_as(app.ui, ui::Type::heading2, title);
    ImGui::SameLine();
    align_right(2 * em);
    if (ui::icon_button(app.ui, "close", ICON_FA_XMARK, "Close (Esc)")) {
      *open = false;
    }
    ImGui::Separator();
    ui::vspace(0.2F);
  }
  return true;
}

void end_sheet() {
  ImGui::End();
}

void align_right(float width) {
  const float x = ImGui::GetCursorPosX() + ImGui::GetContentRegionAvail().x - width;
  ImGui::SetCursorPosX(std::max(ImGui::GetCursorPosX(), x));
}

float line_height() {
  return ImGui::GetFrameHeight();
}

}  // namespace alab::shell
