// Help, clipboard, and what a panel shows while it has nothing to show.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/ui/widgets.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "imgui_internal.h"
#include "reference/core/error.hpp"

namespace alab::ui {

void tooltip(const Ui& ui, std::string_view text) {
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {em(0.7F), em(0.5F)});
  if (ImGui::BeginTooltip()) {
    push_type(ui, Type::small);
    const float natural = ImGui::CalcTextSize(text.data(), text.data() + text.size()).x;
    pop_type();
    paragraph(ui, text, Type::small, std::min(natural + 2, em(26)));
    ImGui::EndTooltip();
  }
  ImGui::PopStyleVar();
}

void help(const Ui& ui, std::string_view text) {
  if (!text.empty() &&
      ImGui::IsItemHovered(ImGuiHoveredFlags_DelayNormal | ImGuiHoveredFlags_AllowWhenDisabled |
                           ImGuiHoveredFlags_NoSharedDelay)) {
    tooltip(ui, text);
  }
}

void glossary_term(Ui& ui, std::string_view word) {
  const auto entry = std::find_if(ui.glossary.begin(), ui.glossary.end(),
                                  [&](const GlossaryEntry& e) { return e.word == word; });
  const ImVec2 extent = ImGui::CalcTextSize(word.data(), word.data() + word.size());
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ImGui::PushID(word.data(), word.data() + word.size());
  const bool pressed =
      ImGui::InvisibleButton("term", {std::max(1.0F, extent.x), extent.y}, ImGuiButtonFlags_EnableNav);
  const bool open = ImGui::IsItemHovered() || (ImGui::IsItemFocused() && ImGui::GetIO().NavVisible);
  const ImVec4 color =
      link_color(ui, word, open || link_hovered(ui, word) ? ui.colors().blue : ui.colors().ink);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddText(pos, u32(color), word.data(), word.data() + word.size());
  for (float x = pos.x; x + 2 <= pos.x + extent.x; x += 4) {
    draw->AddRectFilled({x, pos.y + extent.y}, {x + 2, pos.y + extent.y + 1}, u32(ui.colors().muted));
  }
  if (open) {
    hover_link(ui, word);
    if (entry != ui.glossary.end() && ImGui::BeginTooltip()) {
      text_as(ui, Type::bold, entry->symbol.empty() ? entry->word : text(entry->word, "   ", entry->symbol));
      paragraph(ui, entry->meaning, Type::small, em(22));
      ImGui::EndTooltip();
    }
  }
  if (pressed && ui.hooks.open_glossary) {
    ui.hooks.open_glossary(word);
  }
  ImGui::PopID();
}

void copy_button(const Ui& ui, const char* str_id, std::string_view what,
                 const std::function<std::string()>& text_of) {
  if (icon_button(ui, str_id, ICON_FA_COPY, text("Copy ", what))) {
    ImGui::SetClipboardText(text_of().c_str());
    if (ui.hooks.copied) {
      ui.hooks.copied(what);
    }
  }
}

namespace {

struct PhaseLook {
  const char* icon;
  const char* title;
  ImVec4 color;
};

PhaseLook look_of(const Ui& ui, Phase phase) {
  const Palette& c = ui.colors();
  switch (phase) {
    case Phase::empty:
      return {ICON_FA_CHART_LINE, "Nothing has run yet", c.muted};
    case Phase::running:
      return {ICON_FA_HOURGLASS_HALF, "Running", c.blue};
    case Phase::done:
      return {ICON_FA_CHECK, "Done", c.green};
    case Phase::stale:
      return {ICON_FA_CLOCK_ROTATE_LEFT, "Parameters changed", c.amber};
    case Phase::failed:
      return {ICON_FA_TRIANGLE_EXCLAMATION, "That did not work", c.orange};
    case Phase::unavailable:
      return {ICON_FA_PLUG_CIRCLE_XMARK, "Not available here", c.muted};
  }
  return {"", "", c.muted};
}

void progress_line(const Ui& ui, double fraction, float width) {
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const float h = em(0.4F);
  const float done = width * static_cast<float>(std::clamp(fraction, 0.0, 1.0));
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(pos, {pos.x + width, pos.y + h}, u32(ui.colors().sunken), h / 2);
  draw->AddRectFilled(pos, {pos.x + std::max(done, h), pos.y + h}, u32(ui.colors().blue), h / 2);
  ImGui::Dummy({width, h});
}

void centred_text(const Ui& ui, Type type, const ImVec4& color, std::string_view text, float left,
                  float width) {
  push_type(ui, type);
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at < end) {
    const char* stop = ImGui::GetFont()->CalcWordWrapPosition(ImGui::GetFontSize(), at, end, width);
    stop = stop == at ? at + 1 : stop;
    ImGui::SetCursorPosX(left + (width - ImGui::CalcTextSize(at, stop).x) / 2);
    text_colored(color, std::string_view(at, static_cast<std::size_t>(stop - at)));
    at = stop;
    while (at < end && (*at == ' ' || *at == '\n')) {
      ++at;
    }
  }
  pop_type();
}

void command_line(const Ui& ui, const std::string& command, float left, float width) {
  push_type(ui, Type::code);
  const float pad = em(0.6F);
  const float shown = std::min(ImGui::CalcTextSize(command.c_str()).x, width - 4 * pad);
  const float x = left + (width - shown - 4 * pad) / 2;
  ImGui::SetCursorPosX(x);
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const float height = ImGui::GetFrameHeight();
  ImGui::GetWindowDrawList()->AddRectFilled(pos, {pos.x + shown + 2 * pad, pos.y + height},
                                            u32(ui.colors().sunken), 4);
  ImGui::SetCursorScreenPos({pos.x + pad, pos.y + (height - ImGui::GetFontSize()) / 2});
  text_fitted(ui, command, shown);
  pop_type();
  ImGui::SetCursorScreenPos({pos.x + shown + 2 * pad + 4, pos.y});
  copy_button(ui, "##command", "the command", [&] { return command; });
}

}  // namespace

StatusAction state_panel(const Ui& ui, const char* str_id, const PanelStatus& status, ImVec2 size) {
  StatusAction action;
  const PhaseLook look = look_of(ui, status.phase);
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const ImVec2 box(size.x > 0 ? size.x : room.x, size.y > 0 ? size.y : std::max(room.y, em(11)));
  ImGui::PushStyleColor(ImGuiCol_ChildBg, mix(ui.colors().panel, ui.colors().raised, 0.6F));
  ImGui::BeginChild(str_id, box, ImGuiChildFlags_NavFlattened, ImGuiWindowFlags_NoScrollbar);
  ImGui::PopStyleColor();
  const float width = std::min(box.x - em(2), em(30));
  const float left = (box.x - width) / 2;
  ImGui::SetCursorPosY(std::max(em(0.8F), box.y * 0.5F - em(5)));
  push_type(ui, Type::heading1);
  ImGui::SetCursorPosX((box.x - ImGui::CalcTextSize(look.icon).x) / 2);
  text_colored(with_alpha(look.color, 0.75F), look.icon);
  pop_type();
  vspace(0.3F);
  centred_text(ui, Type::bold, ui.colors().ink, look.title, left, width);
  centred_text(ui, Type::body, ui.colors().muted, status.message, left, width);
  vspace(0.3F);
  if (status.phase == Phase::running) {
    ImGui::SetCursorPosX(left);
    progress_line(ui, status.fraction, width);
    vspace(0.2F);
    ImGui::SetCursorPosX((box.x - em(6)) / 2);
    action.cancel = quiet_button(ui, "Cancel###cancel", true, em(6));
  } else if (status.phase == Phase::empty || status.phase == Phase::failed) {
    const char* label = status.phase == Phase::failed ? "Try again###run" : "Run###run";
    ImGui::SetCursorPosX((box.x - em(7)) / 2);
    action.run = primary_button(ui, label, true, em(7));
  }
  if (!status.command.empty()) {
    command_line(ui, status.command, left, width);
  }
  ImGui::EndChild();
  return action;
}

StatusAction state_strip(const Ui& ui, const char* str_id, const PanelStatus& status) {
  StatusAction action;
  if (status.phase != Phase::running && status.phase != Phase::stale && status.phase != Phase::failed) {
    return action;
  }
  const PhaseLook look = look_of(ui, status.phase);
  ImGui::PushID(str_id);
  const float room = ImGui::GetContentRegionAvail().x;
  const float height = ImGui::GetFrameHeight() + em(0.3F);
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ImGui::GetWindowDrawList()->AddRectFilled(pos, {pos.x + room, pos.y + height},
                                            u32(mix(ui.colors().panel, look.color, 0.10F)), em(0.3F));
  ImGui::SetCursorScreenPos({pos.x + em(0.6F), pos.y + em(0.15F)});
  ImGui::AlignTextToFramePadding();
  push_type(ui, Type::small);
  text_colored(look.color, look.icon);
  ImGui::SameLine(0, em(0.5F));
  const bool running = status.phase == Phase::running;
  const float button = em(running ? 5.0F : 6.5F);
  const float bar = running ? std::min(em(8), room * 0.25F) : 0;
  const std::string message = status.message.empty() ? look.title : status.message;
  text_fitted(ui, message, std::max(em(4), room - button - bar - em(5)));
  if (running) {
    ImGui::SetCursorScreenPos({pos.x + room - button - bar - em(1.2F), pos.y + height / 2 - em(0.2F)});
    progress_line(ui, status.fraction, bar);
  }
  ImGui::SetCursorScreenPos({pos.x + room - button - em(0.3F), pos.y + em(0.15F)});
  if (running) {
    action.cancel = quiet_button(ui, "Cancel###cancel", true, button);
  } else {
    action.run =
        quiet_button(ui, status.phase == Phase::stale ? "Run (F5)###run" : "Try again###run", true, button);
  }
  pop_type();
  ImGui::SetCursorScreenPos({pos.x, pos.y + height + em(0.3F)});
  ImGui::Dummy({0, 0});
  ImGui::PopID();
  return action;
}

}  // namespace alab::ui
