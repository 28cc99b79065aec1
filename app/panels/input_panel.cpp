// The input source, its head and its text.
// SPDX-License-Identifier: MIT
#include "app/panels/input_panel.hpp"

#include <algorithm>
#include <array>

#include "hello_imgui/icons_font_awesome_6.h"
#include "misc/cpp/imgui_stdlib.h"
#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::Ui;

const InputEntry* find(std::span<const InputEntry> entries, std::string_view name) {
  const auto at =
      std::find_if(entries.begin(), entries.end(), [&](const InputEntry& e) { return e.name == name; });
  return at == entries.end() ? nullptr : &*at;
}

bool source_combo(const Ui& ui, std::span<const InputEntry> entries, InputChoice& choice, float width) {
  const InputEntry* now = find(entries, choice.name);
  bool changed = false;
  ImGui::SetNextItemWidth(width);
  if (ImGui::BeginCombo("##source", now != nullptr ? now->label.c_str() : "choose an input")) {
    for (const InputEntry& entry : entries) {
      const bool off = !entry.unavailable.empty();
      ImGui::PushStyleColor(ImGuiCol_Text, off ? ui.colors().muted : ui.colors().ink);
      const std::string label =
          text(entry.label, off ? "   (not here: choose to see why)" : "", "###", entry.name);
      if (ImGui::Selectable(label.c_str(), entry.name == choice.name) && entry.name != choice.name) {
        choice.name = entry.name;
        changed = true;
      }
      ImGui::PopStyleColor();
      ui::help(ui, off ? text(entry.doc, "\n", entry.unavailable) : entry.doc);
    }
    ImGui::EndCombo();
  }
  if (now != nullptr) {
    ui::help(ui, now->doc);
  }
  return changed;
}

bool spinner(const Ui& ui, const char* id, const char* label, int* value, int count) {
  ui::push_type(ui, ui::Type::small);
  ImGui::AlignTextToFramePadding();
  ui::text_colored(ui.colors().muted, label);
  ImGui::SameLine(0, em(0.4F));
  ImGui::SetNextItemWidth(em(6.2F));
  int typed = *value;
  const bool moved = ImGui::InputInt(id, &typed, 1, 5);
  ui::help(ui, text("0 to ", count - 1));
  ui::pop_type();
  typed = std::clamp(typed, 0, std::max(count - 1, 0));
  const bool changed = moved && typed != *value;
  *value = typed;
  return changed;
}

bool own_text(const Ui& ui, InputChoice& choice, InputState& state) {
  ImGui::PushStyleColor(ImGuiCol_FrameBg, ui.colors().raised);
  const float button = em(4);
  const float width = ImGui::GetContentRegionAvail().x - button - ImGui::GetStyle().ItemSpacing.x;
  const bool enter =
      ImGui::InputTextMultiline("##text", &state.draft.text, {width, em(3.6F)},
                                ImGuiInputTextFlags_WordWrap | ImGuiInputTextFlags_CtrlEnterForNewLine |
                                    ImGuiInputTextFlags_EnterReturnsTrue);
  const bool left = ImGui::IsItemDeactivatedAfterEdit();
  ui::help(ui, "Enter reads it; Ctrl+Enter starts a new line");
  ImGui::PopStyleColor();
  ImGui::SameLine();
  const bool pressed = ui::quiet_button(ui, "Read###use", state.draft.text != choice.text, button);
  if ((enter || left || pressed) && state.draft.text != choice.text && !state.draft.text.empty()) {
    choice.text = state.draft.text;
    return true;
  }
  return false;
}

bool book_combo(const ModelRange& model, InputChoice& choice) {
  const int count = static_cast<int>(model.books.size());
  const int now = std::clamp(choice.book, 0, std::max(count - 1, 0));
  bool changed = false;
  ImGui::SetNextItemWidth(-1);
  if (ImGui::BeginCombo("##book",
                        count > 0 ? model.books[static_cast<std::size_t>(now)].c_str() : "no books here")) {
    for (int i = 0; i < count; ++i) {
      if (ImGui::Selectable(model.books[static_cast<std::size_t>(i)].c_str(), i == now) && i != now) {
        choice.book = i;
        changed = true;
      }
    }
    ImGui::EndCombo();
  }
  return changed;
}

bool model_controls(const Ui& ui, const ModelRange& model, InputChoice& choice, InputState& state) {
  constexpr std::array<std::string_view, 2> kKinds{"my sentence", "a book"};
  bool changed = spinner(ui, "##layer", "layer", &choice.layer, model.layers);
  ImGui::SameLine(0, em(1));
  changed = spinner(ui, "##head", "head", &choice.head, model.heads) || changed;
  int kind = choice.own_text ? 0 : 1;
  if (ImGui::GetContentRegionAvail().x > 0 &&
      ImGui::GetItemRectMax().x + em(13) < ImGui::GetCursorScreenPos().x + ImGui::GetContentRegionAvail().x) {
    ImGui::SameLine(0, em(1));
  }
  ui::push_type(ui, ui::Type::small);
  if (!model.books.empty() && ui::segmented(ui, "text_kind", kKinds, &kind)) {
    choice.own_text = kind == 0;
    changed = true;
  }
  changed =
      (choice.own_text || model.books.empty() ? own_text(ui, choice, state) : book_combo(model, choice)) ||
      changed;
  ui::pop_type();
  return changed;
}

void why_not(const Ui& ui, const InputEntry& entry) {
  ImGui::PushStyleColor(ImGuiCol_Text, ui.colors().orange);
  ui::paragraph(ui, entry.unavailable, ui::Type::small);
  ImGui::PopStyleColor();
  if (!entry.command.empty()) {
    ui::push_type(ui, ui::Type::code);
    ui::text_fitted(ui, entry.command, ImGui::GetContentRegionAvail().x - em(3));
    ui::pop_type();
    ImGui::SameLine();
    ui::copy_button(ui, "##command", "the command", [&] { return entry.command; });
  }
}

}  // namespace

bool input_panel(Ui& ui, std::span<const InputEntry> entries, const ModelRange& model, InputChoice& choice,
                 InputState& state) {
  ImGui::PushID("input");
  if (!state.started) {
    state.draft = choice;
    state.started = true;
  }
  bool changed = source_combo(ui, entries, choice, std::min(em(22), ImGui::GetContentRegionAvail().x));
  const InputEntry* now = find(entries, choice.name);
  if (now != nullptr && !now->unavailable.empty()) {
    why_not(ui, *now);
  } else if (now != nullptr && now->model) {
    changed = model_controls(ui, model, choice, state) || changed;
  }
  ImGui::PopID();
  return changed;
}

std::string short_label(std::span<const InputEntry> entries, const InputChoice& choice) {
  const InputEntry* now = find(entries, choice.name);
  if (now == nullptr) {
    return "no input";
  }
  return now->model ? text("SmolLM2 L", choice.layer, " H", choice.head) : now->label;
}

}  // namespace alab::panels
