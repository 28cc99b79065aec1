// The command palette: everything by name.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "misc/cpp/imgui_stdlib.h"

namespace alab::shell {
namespace {

constexpr std::size_t kMaxHits = 40;

const char* icon_of(HitKind kind) {
  switch (kind) {
    case HitKind::action:
      return ICON_FA_BOLT;
    case HitKind::lab:
      return ICON_FA_FLASK;
    case HitKind::page:
      return ICON_FA_BOOK_OPEN;
    case HitKind::preset:
      return ICON_FA_LAYER_GROUP;
    case HitKind::term:
      return ICON_FA_SPELL_CHECK;
    case HitKind::text:
      return ICON_FA_ALIGN_LEFT;
  }
  return "";
}

void choose(App& app, const SearchEntry& entry) {
  app.palette.open = false;
  if (entry.kind != HitKind::action) {
    leave_hero(app);
  }
  switch (entry.kind) {
    case HitKind::action:
      do_action(app, entry.id);
      break;
    case HitKind::lab:
      app.book.open(entry.id);
      break;
    case HitKind::page:
    case HitKind::text:
      app.book.open(entry.id, entry.page);
      break;
    case HitKind::preset: {
      const Lab* lab = app.book.find(entry.id);
      use_preset(app, *lab, app.book.presets(*lab)[static_cast<std::size_t>(entry.index)]);
      break;
    }
    case HitKind::term:
      app.book.open(entry.id);
      app.glossary_word = entry.title;
      app.glossary_open = true;
      break;
  }
}

bool hit_row(App& app, const SearchHit& hit, int index, bool selected) {
  const float em = ui::em(1);
  const bool two = !hit.excerpt.empty();
  const float height = std::round((two ? 2.7F : 1.75F) * em);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x;
  const std::string id = text("hit", index);
  const bool clicked = ImGui::InvisibleButton(id.c_str(), {std::max(1.0F, width), height});
  const bool hovered = ImGui::IsItemHovered();
  if (selected || hovered) {
    ImGui::GetWindowDrawList()->AddRectFilled(
        at, {at.x + width, at.y + height},
        ui::u32(selected ? app.ui.colors().selected : app.ui.colors().hover), 6);
  }
  if (selected && ImGui::IsWindowAppearing() == false) {
    const float low = ImGui::GetWindowPos().y;
    if (at.y < low || at.y + height > low + ImGui::GetWindowHeight()) {
      ImGui::SetScrollHereY(0.5F);
    }
  }
  const SearchEntry& entry = *hit.entry;
  ImGui::SetCursorScreenPos({at.x + 0.5F * em, at.y + 0.38F * em});
  ui::text_colored(app.ui.colors().muted, icon_of(entry.kind));
  ImGui::SetCursorScreenPos({at.x + 2.2F * em, at.y + 0.34F * em});
  const float detail = std::min(ImGui::CalcTextSize(entry.detail.c_str()).x, 0.45F * width);
  ui::text_fitted(app.ui, entry.title, width - detail - 4 * em);
  ImGui::SetCursorScreenPos({at.x + width - detail - 0.8F * em, at.y + 0.34F * em});
  ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().muted);
  ui::text_fitted(app.ui, entry.detail, detail + 2);
  if (two) {
    ImGui::SetCursorScreenPos({at.x + 2.2F * em, at.y + 1.5F * em});
    ui::push_type(app.ui, ui::Type::tiny);
    ui::text_fitted(app.ui, hit.excerpt, width - 3 * em);
    ui::pop_type();
  }
  ImGui::PopStyleColor();
  ImGui::SetCursorScreenPos({at.x, at.y + height});
  ImGui::Dummy({1, 0});
  return clicked;
}

void field(App& app) {
  Palette& palette = app.palette;
  if (palette.focus) {
    ImGui::SetKeyboardFocusHere();
    palette.focus = false;
  }
  ImGui::SetNextItemWidth(-1);
  if (ImGui::InputTextWithHint("##query", "Search labs, steps, words, presets and actions", &palette.query)) {
    palette.selected = 0;
  }
}

}  // namespace

void draw_palette(App& app) {
  Palette& palette = app.palette;
  if (!palette.open) {
    palette.query.clear();
    palette.selected = 0;
    return;
  }
  if (palette.index.entries().empty()) {
    palette.index.build(app.book, action_entries());
  }
  ImGui::SetNextWindowFocus();
  if (!begin_sheet(app, "palette", nullptr, &palette.open, {38, 26}, true)) {
    return;
  }
  field(app);
  const auto hits = palette.index.find(palette.query, kMaxHits);
  const int last = static_cast<int>(hits.size()) - 1;
  if (ImGui::IsKeyPressed(ImGuiKey_DownArrow)) {
    palette.selected = std::min(last, palette.selected + 1);
  }
  if (ImGui::IsKeyPressed(ImGuiKey_UpArrow)) {
    palette.selected = std::max(0, palette.selected - 1);
  }
  if (ImGui::IsKeyPressed(ImGuiKey_Escape, false)) {
    palette.open = false;
  }
  const bool enter =
      ImGui::IsKeyPressed(ImGuiKey_Enter, false) || ImGui::IsKeyPressed(ImGuiKey_KeypadEnter, false);
  const SearchEntry* chosen = enter && palette.selected <= last && last >= 0
                                  ? hits[static_cast<std::size_t>(palette.selected)].entry
                                  : nullptr;
  ui::vspace(0.2F);
  ImGui::BeginChild("hits", {0, 0}, ImGuiChildFlags_None, ImGuiWindowFlags_NoNav);
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {0, 1});
  if (hits.empty()) {
    ui::muted(app.ui, text("Nothing is called '", palette.query, "'. Try a shorter word."));
  }
  for (int i = 0; i <= last; ++i) {
    if (hit_row(app, hits[static_cast<std::size_t>(i)], i, i == palette.selected)) {
      chosen = hits[static_cast<std::size_t>(i)].entry;
    }
  }
  ImGui::PopStyleVar();
  ImGui::EndChild();
  end_sheet();
  if (chosen != nullptr) {
    choose(app, *chosen);
  }
}

}  // namespace alab::shell
