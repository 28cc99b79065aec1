// Type, cards and buttons.
// SPDX-License-Identifier: MIT
#include "app/ui/widgets.hpp"

#include <algorithm>
#include <cmath>

#include "hello_imgui/icons_font_awesome_6.h"
#include "imgui_internal.h"

namespace alab::ui {

void begin_frame(Ui& ui) {
  ui.links.hovered = std::move(ui.links.next_hovered);
  ui.links.next_hovered.clear();
}

void set_links(Ui& ui, std::span<const std::string_view> keys) {
  ui.links.colors.clear();
  const int last = static_cast<int>(ui.theme.colors.series.size()) - 1;
  for (const std::string_view key : keys) {
    const int next = std::min(static_cast<int>(ui.links.colors.size()), last);
    ui.links.colors.try_emplace(std::string(key), next);
  }
}

bool link_hovered(const Ui& ui, std::string_view key) {
  return !key.empty() && ui.links.hovered == key;
}

void hover_link(Ui& ui, std::string_view key) {
  ui.links.next_hovered = std::string(key);
}

ImVec4 link_color(const Ui& ui, std::string_view key, const ImVec4& fallback) {
  const auto found = ui.links.colors.find(key);
  return found == ui.links.colors.end() ? fallback
                                        : ui.theme.colors.series[static_cast<std::size_t>(found->second)];
}

// ---- type
// ---------------------------------------------------------------------------------------------------

void push_type(const Ui& ui, Type type) {
  const Fonts& f = ui.theme.fonts;
  switch (type) {
    case Type::body:
      ImGui::PushFont(f.body, kBodySize);
      break;
    case Type::small:
      ImGui::PushFont(f.body, kSmallSize);
      break;
    case Type::tiny:
      ImGui::PushFont(f.body, kTinySize);
      break;
    case Type::heading1:
      ImGui::PushFont(f.bold, kHeading1Size);
      break;
    case Type::heading2:
      ImGui::PushFont(f.bold, kHeading2Size);
      break;
    case Type::heading3:
      ImGui::PushFont(f.bold, kHeading3Size);
      break;
    case Type::bold:
      ImGui::PushFont(f.bold, kBodySize);
      break;
    case Type::italic:
      ImGui::PushFont(f.italic, kBodySize);
      break;
    case Type::code:
      ImGui::PushFont(f.code, kSmallSize);
      break;
  }
}

void pop_type() {
  ImGui::PopFont();
}

void text_as(const Ui& ui, Type type, std::string_view text) {
  push_type(ui, type);
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  pop_type();
}

void text_colored(const ImVec4& color, std::string_view text) {
  ImGui::PushStyleColor(ImGuiCol_Text, color);
  ImGui::TextUnformatted(text.data(), text.data() + text.size());
  ImGui::PopStyleColor();
}

ImVec2 wrapped_text(ImDrawList* draw, ImVec2 pos, ImU32 color, std::string_view text, float width) {
  ImFont* font = ImGui::GetFont();
  const float size = ImGui::GetFontSize();
  const float line =
      size + std::round(size * 0.22F);  // ImGui's lines are as high as the font; books give air
  const char* at = text.data();
  const char* const end = at + text.size();
  ImVec2 extent(0, 0);
  while (at < end) {
    const char* stop = std::find(at, end, '\n');
    const char* line_end = font->CalcWordWrapPosition(size, at, stop, width);
    if (line_end == at && at < stop) {
      line_end = at + 1;
    }
    if (draw != nullptr) {
      draw->AddText(font, size, {pos.x, pos.y + extent.y}, color, at, line_end);
    }
    extent.x = std::max(extent.x, font->CalcTextSizeA(size, FLT_MAX, 0, at, line_end).x);
    extent.y += line;
    at = line_end;
    while (at < end && *at == ' ') {
      ++at;
    }
    if (at < end && *at == '\n') {
      ++at;
    }
  }
  return {extent.x, std::max(extent.y, size)};
}

void paragraph(const Ui& ui, std::string_view text, Type type, float width) {
  push_type(ui, type);
  const float wrap = std::max(em(4), width > 0 ? width : ImGui::GetContentRegionAvail().x);
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ImGui::Dummy(wrapped_text(ImGui::GetWindowDrawList(), pos, ImGui::GetColorU32(ImGuiCol_Text), text, wrap));
  pop_type();
}

void muted(const Ui& ui, std::string_view text, Type type) {
  push_type(ui, type);
  text_colored(ui.colors().muted, text);
  pop_type();
}

void text_fitted(const Ui& ui, std::string_view text, float width) {
  const char* const end = text.data() + text.size();
  const float full = ImGui::CalcTextSize(text.data(), end).x;
  if (full <= width) {
    ImGui::TextUnformatted(text.data(), end);
    return;
  }
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const ImVec2 corner(pos.x + width, pos.y + ImGui::GetFontSize());
  ImGui::RenderTextEllipsis(ImGui::GetWindowDrawList(), pos, {corner.x, corner.y + 2}, corner.x, text.data(),
                            end, nullptr);
  ImGui::Dummy({width, ImGui::GetFontSize()});
  help(ui, text);
}

void vspace(float lines) {
  ImGui::Dummy({0, lines * ImGui::GetFontSize()});
}

// ---- cards
// --------------------------------------------------------------------------------------------------

CardLook look_of(const Ui& ui, CardKind kind) {
  const Palette& c = ui.colors();
  switch (kind) {
    case CardKind::predict:
      return {"Predict", ICON_FA_PENCIL, c.blue, c.tint_blue};
    case CardKind::run:
      return {"Run", ICON_FA_PLAY, c.amber, c.tint_amber};
    case CardKind::explain:
      return {"Explain", ICON_FA_LIGHTBULB, c.green, c.tint_green};
    case CardKind::find_the_bug:
      return {"Find the bug", ICON_FA_BUG, c.orange, c.tint_orange};
    case CardKind::errata:
      return {"In the reading list", ICON_FA_BOOK_OPEN, c.pink, c.tint_pink};
    case CardKind::plain:
      break;
  }
  return {"", "", c.muted, c.tint_grey};
}

bool begin_card(const Ui& ui, const char* str_id, CardKind kind, std::string_view title, float width) {
  const CardLook look = look_of(ui, kind);
  ImGui::PushStyleColor(ImGuiCol_ChildBg, look.ground);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {em(1.1F), em(0.7F)});
  ImGui::PushStyleVar(ImGuiStyleVar_ChildRounding, em(0.35F));
  ImGui::BeginChild(
      str_id, {width, 0},
      ImGuiChildFlags_AutoResizeY | ImGuiChildFlags_AlwaysUseWindowPadding | ImGuiChildFlags_NavFlattened,
      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  ImGui::PopStyleVar(2);
  ImGui::PopStyleColor();
  const ImVec2 low = ImGui::GetWindowPos();
  const ImVec2 size = ImGui::GetWindowSize();
  ImGui::GetWindowDrawList()->AddRectFilled(low, {low.x + em(0.26F), low.y + size.y}, u32(look.accent),
                                            em(0.35F), ImDrawFlags_RoundCornersLeft);
  const std::string_view heading = title.empty() ? std::string_view(look.title) : title;
  if (!heading.empty()) {
    push_type(ui, Type::bold);
    if (look.icon[0] != '\0') {
      text_colored(look.accent, look.icon);
      ImGui::SameLine(0, em(0.5F));
    }
    text_colored(look.accent, heading);
    pop_type();
  }
  return true;
}

void end_card() {
  ImGui::EndChild();
}

// ---- buttons
// ------------------------------------------------------------------------------------------------

namespace {

bool colored_button(const char* label, const ImVec4& ground, const ImVec4& hover, const ImVec4& ink,
                    bool enabled, float width) {
  ImGui::PushStyleColor(ImGuiCol_Button, ground);
  ImGui::PushStyleColor(ImGuiCol_ButtonHovered, hover);
  ImGui::PushStyleColor(ImGuiCol_ButtonActive, mix(hover, ink, 0.12F));
  ImGui::PushStyleColor(ImGuiCol_Text, ink);
  ImGui::BeginDisabled(!enabled);
  const bool pressed = ImGui::Button(label, {width, 0});
  ImGui::EndDisabled();
  ImGui::PopStyleColor(4);
  return pressed && enabled;
}

}  // namespace

bool primary_button(const Ui& ui, const char* label, bool enabled, float width) {
  const Palette& c = ui.colors();
  const ImVec4 ground = enabled ? c.blue : c.line_strong;
  return colored_button(label, ground, mix(ground, c.ink, 0.18F), c.on_accent, enabled, width);
}

bool quiet_button(const Ui& ui, const char* label, bool enabled, float width) {
  const Palette& c = ui.colors();
  return colored_button(label, c.sunken, mix(c.sunken, c.blue, 0.16F), c.ink, enabled, width);
}

bool icon_button(const Ui& ui, const char* str_id, const char* icon, std::string_view tip, bool enabled) {
  ImGui::PushID(str_id);
  const std::string label = std::string(icon) + "###button";
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {em(0.32F), em(0.2F)});
  const Palette& c = ui.colors();
  const bool pressed = colored_button(label.c_str(), with_alpha(c.sunken, 0), mix(c.sunken, c.blue, 0.16F),
                                      c.muted, enabled, 0);
  ImGui::PopStyleVar();
  help(ui, tip);
  ImGui::PopID();
  return pressed;
}

bool link_text(const Ui& ui, const char* str_id, std::string_view text) {
  ImGui::PushID(str_id);
  const ImVec2 size = ImGui::CalcTextSize(text.data(), text.data() + text.size());
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const bool pressed =
      ImGui::InvisibleButton("link", {std::max(size.x, 1.0F), size.y}, ImGuiButtonFlags_EnableNav);
  const bool hovered = ImGui::IsItemHovered() || ImGui::IsItemFocused();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddText(pos, u32(ui.colors().blue), text.data(), text.data() + text.size());
  draw->AddLine({pos.x, pos.y + size.y}, {pos.x + size.x, pos.y + size.y},
                u32(ui.colors().blue, hovered ? 1.0F : 0.35F));
  if (hovered) {
    ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  }
  ImGui::PopID();
  return pressed;
}

bool radio_option(const Ui& ui, const char* str_id, std::string_view text, bool selected, bool enabled,
                  int mark) {
  const Palette& c = ui.colors();
  const float size = ImGui::GetFontSize();
  const float avail = ImGui::GetContentRegionAvail().x;
  const float inset = size * 1.75F;
  const float pad = size * 0.3F;
  const float wrap = std::max(size * 4, avail - inset - (mark != 0 ? size * 1.6F : pad));
  const ImVec2 extent = wrapped_text(nullptr, {}, 0, text, wrap);
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const ImVec2 box(avail, extent.y + 1.4F * pad);  // the last line brings its own air
  ImGui::BeginDisabled(!enabled);
  const bool pressed = ImGui::InvisibleButton(str_id, box, ImGuiButtonFlags_EnableNav) && enabled;
  const bool hovered = enabled && ImGui::IsItemHovered();
  const bool focused = ImGui::IsItemFocused() && ImGui::GetIO().NavVisible;
  ImGui::EndDisabled();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 corner(pos.x + box.x, pos.y + box.y);
  if (hovered || selected) {
    draw->AddRectFilled(pos, corner, u32(selected ? c.selected : c.hover, selected ? 0.75F : 1.0F),
                        size * 0.3F);
  }
  if (focused) {
    draw->AddRect(pos, corner, u32(c.blue), size * 0.3F, 2.0F);
  }
  const ImVec2 centre(pos.x + size * 0.85F, pos.y + pad + size * 0.5F);
  const ImVec4 accent = mark > 0 ? c.green : mark < 0 ? c.orange : c.blue;
  draw->AddCircleFilled(centre, size * 0.42F, u32(c.raised));
  draw->AddCircle(centre, size * 0.42F, u32(selected || mark != 0 ? accent : c.line_strong), 0, 1.6F);
  if (selected) {
    draw->AddCircleFilled(centre, size * 0.24F, u32(accent));
  }
  wrapped_text(draw, {pos.x + inset, pos.y + pad}, u32(c.ink, enabled || mark != 0 ? 1.0F : 0.8F), text,
               wrap);
  if (mark != 0) {
    const char* icon = mark > 0 ? ICON_FA_CHECK : ICON_FA_XMARK;
    draw->AddText({corner.x - size * 1.4F, pos.y + pad}, u32(accent), icon);
  }
  return pressed;
}

bool segmented(const Ui& ui, const char* str_id, std::span<const std::string_view> labels, int* index,
               float width) {
  const Palette& c = ui.colors();
  const float pad = em(0.65F);
  float natural = 0;
  for (const std::string_view label : labels) {
    natural += ImGui::CalcTextSize(label.data(), label.data() + label.size()).x + 2 * pad;
  }
  const float room = width > 0 ? width : ImGui::GetContentRegionAvail().x;
  bool changed = false;
  if (natural > room) {
    ImGui::SetNextItemWidth(room);
    const std::string shown(*index >= 0 && *index < static_cast<int>(labels.size())
                                ? labels[static_cast<std::size_t>(*index)]
                                : std::string_view());
    if (ImGui::BeginCombo((std::string("##") + str_id).c_str(), shown.c_str())) {
      for (int i = 0; i < static_cast<int>(labels.size()); ++i) {
        const std::string label(labels[static_cast<std::size_t>(i)]);
        if (ImGui::Selectable(label.c_str(), i == *index) && i != *index) {
          *index = i;
          changed = true;
        }
      }
      ImGui::EndCombo();
    }
    return changed;
  }
  ImGui::PushID(str_id);
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {pad, ImGui::GetStyle().FramePadding.y});
  ImGui::BeginGroup();
  for (int i = 0; i < static_cast<int>(labels.size()); ++i) {
    const bool on = i == *index;
    if (i > 0) {
      ImGui::SameLine(0, 2);
    }
    const std::string label = std::string(labels[static_cast<std::size_t>(i)]) + "###" + std::to_string(i);
    const ImVec4 ground = on ? mix(c.sunken, c.blue, 0.28F) : c.sunken;
    if (colored_button(label.c_str(), ground, mix(c.sunken, c.blue, 0.18F), c.ink, true, 0) && !on) {
      *index = i;
      changed = true;
    }
    if (on) {
      const ImVec2 low = ImGui::GetItemRectMin();
      const ImVec2 high = ImGui::GetItemRectMax();
      ImGui::GetWindowDrawList()->AddRectFilled({low.x + 4, high.y - 2.5F}, {high.x - 4, high.y - 0.5F},
                                                u32(c.blue));
    }
  }
  ImGui::EndGroup();
  ImGui::PopStyleVar();
  ImGui::PopID();
  return changed;
}

bool toggle(const Ui& ui, const char* label, bool* value) {
  const Palette& c = ui.colors();
  const float h = ImGui::GetFontSize();
  const float w = h * 1.75F;
  const char* const end = ImGui::FindRenderedTextEnd(label);
  const ImVec2 extent = ImGui::CalcTextSize(label, end);
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const float height = ImGui::GetFrameHeight();
  const float gap = end == label ? 0 : h * 0.5F;
  const bool pressed =
      ImGui::InvisibleButton(label, {w + gap + extent.x, height}, ImGuiButtonFlags_EnableNav);
  if (pressed) {
    *value = !*value;
  }
  const bool lit = ImGui::IsItemHovered() || (ImGui::IsItemFocused() && ImGui::GetIO().NavVisible);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float top = pos.y + (height - h) / 2;
  const ImVec4 ground = *value ? c.blue : c.line_strong;
  draw->AddRectFilled({pos.x, top}, {pos.x + w, top + h}, u32(lit ? mix(ground, c.ink, 0.15F) : ground),
                      h / 2);
  draw->AddCircleFilled({*value ? pos.x + w - h / 2 : pos.x + h / 2, top + h / 2}, h * 0.36F, u32(c.raised));
  draw->AddText({pos.x + w + gap, pos.y + (height - extent.y) / 2}, u32(c.ink), label, end);
  return pressed;
}

}  // namespace alab::ui
