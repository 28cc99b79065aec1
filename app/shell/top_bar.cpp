// The strip along the top: where one is, search, input, backend, looks.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "app/shell/parts.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "kernels/backend.hpp"

namespace alab::shell {
namespace {

void push_bar_colors(const ui::Palette& c) {
  ImGui::PushStyleColor(ImGuiCol_Text, c.bar_ink);
  ImGui::PushStyleColor(ImGuiCol_TextDisabled, c.bar_muted);
  ImGui::PushStyleColor(ImGuiCol_Button, c.bar_field);
  ImGui::PushStyleColor(ImGuiCol_ButtonHovered, ui::mix(c.bar_field, c.bar_ink, 0.14F));
  ImGui::PushStyleColor(ImGuiCol_ButtonActive, ui::mix(c.bar_field, c.bar_ink, 0.26F));
}

void pop_bar_colors() {
  ImGui::PopStyleColor(5);
}

/// A label cut to width with an ellipsis; the whole of it in the tooltip when it was cut.
std::string fitted(const std::string& words, float width) {
  if (ImGui::CalcTextSize(words.c_str()).x <= width) {
    return words;
  }
  std::string cut = words;
  while (!cut.empty() && ImGui::CalcTextSize((cut + "…").c_str()).x > width) {
    do {
      cut.pop_back();
    } while (!cut.empty() && (static_cast<unsigned char>(cut.back()) & 0xC0U) == 0x80U);
    if (!cut.empty() && (static_cast<unsigned char>(cut.back()) & 0xC0U) == 0xC0U) {
      cut.pop_back();
    }
  }
  return cut + "…";
}

bool bar_button(const char* id, const std::string& label, float width, const char* tooltip) {
  ImGui::PushStyleVar(ImGuiStyleVar_ButtonTextAlign, {0, 0.5F});
  const bool pressed = ImGui::Button(
      (fitted(label, width - 2 * ImGui::GetStyle().FramePadding.x) + "###" + id).c_str(), {width, 0});
  ImGui::PopStyleVar();
  ImGui::SetItemTooltip("%s", tooltip);
  return pressed;
}

bool bar_icon(const char* id, const char* icon, const char* tooltip) {
  ImGui::PushStyleColor(ImGuiCol_Button, ImVec4{0, 0, 0, 0});
  const bool pressed = ImGui::Button((std::string(icon) + "###" + id).c_str(), {ui::em(2.0F), 0});
  ImGui::PopStyleColor();
  ImGui::SetItemTooltip("%s", tooltip);
  return pressed;
}

void breadcrumb(App& app, float width) {
  const Lab* lab = app.book.lab();
  std::string words = "Workbook";
  if (lab != nullptr) {
    words = text("Chapter ", lab->chapter, "  ›  ", lab->title);
  }
  ImGui::PushStyleColor(ImGuiCol_Text, app.ui.colors().bar_muted);
  ImGui::AlignTextToFramePadding();
  ui::text_fitted(app.ui, words, width);
  ImGui::PopStyleColor();
}

/// A popup opens below its button, not over it.
void below_item(App& app) {
  app.popup_at = {ImGui::GetItemRectMin().x, app.columns.top + 2};
}

void input_popup(App& app) {
  ImGui::SetNextWindowPos(app.popup_at, ImGuiCond_Appearing);
  ImGui::SetNextWindowSizeConstraints({ui::em(24), 0}, {ui::em(30), ui::em(36)});
  if (!ImGui::BeginPopup("input_popup")) {
    return;
  }
  ui::text_as(app.ui, ui::Type::bold, "Input: where Q, K and V come from");
  ui::vspace(0.2F);
  const Experiment* experiment = app.book.experiment();
  if (experiment != nullptr && !experiment->uses_input) {
    ui::paragraph(app.ui, "This experiment makes its own numbers; the input is used by others.",
                  ui::Type::small, ui::em(24));
    ui::vspace(0.2F);
  }
  if (panels::input_panel(app.ui, app.input_entries, app.model_range, app.input_choice, app.input_state)) {
    const panels::InputChoice& c = app.input_choice;
    use_input(app, {c.name, c.layer, c.head, c.own_text, c.text, c.book, c.file});
  }
  ImGui::EndPopup();
}

struct BackendWords {
  BackendChoice choice;
  const char* id;
  const char* label;
  const char* doc;
};
constexpr BackendWords kBackends[] = {
    {BackendChoice::all, "all", "all backends", "Reference, executor, and the GPU when there is one"},
    {BackendChoice::reference, "reference", "reference", "Only the Eigen reference: fastest"},
    {BackendChoice::simulated, "simulated", "simulated", "The CUDA rungs on the CPU executor"},
    {BackendChoice::cuda, "cuda", "GPU", "The CUDA rungs on this machine's GPU"},
};

void backend_popup(App& app) {
  ImGui::SetNextWindowPos(app.popup_at, ImGuiCond_Appearing);
  if (!ImGui::BeginPopup("backend_popup")) {
    return;
  }
  for (const BackendWords& words : kBackends) {
    const bool gpu = words.choice == BackendChoice::cuda;
    const bool usable = !gpu || cuda_device().usable;
    const bool selected = app.book.preferences().backend == words.choice;
    if (ui::radio_option(app.ui, words.id, words.label, selected, usable)) {
      change_preferences(app, [&](Preferences& p) { p.backend = words.choice; });
      if (app.book.step_progress() != nullptr && app.book.step_progress()->ran) {
        run_step(app);
      }
      ImGui::CloseCurrentPopup();
    }
    ui::muted(app.ui, usable ? words.doc : cuda_device().unavailable, ui::Type::tiny);
  }
  ImGui::EndPopup();
}

void looks(App& app) {
  if (bar_icon("smaller", ICON_FA_FONT "-", "Smaller text (Ctrl+-)")) {
    do_action(app, "smaller");
  }
  ImGui::SameLine(0, 0);
  if (bar_icon("larger", ICON_FA_FONT "+", "Larger text (Ctrl++)")) {
    do_action(app, "larger");
  }
  ImGui::SameLine(0, 0);
  const bool dark = app.book.preferences().dark;
  if (bar_icon("theme", dark ? ICON_FA_SUN : ICON_FA_MOON, dark ? "Paper theme" : "Dark theme")) {
    do_action(app, "theme");
  }
  ImGui::SameLine(0, 0);
  if (bar_icon("help", ICON_FA_CIRCLE_QUESTION, "Help (F1)")) {
    do_action(app, "help");
  }
}

}  // namespace

void draw_top_bar(App& app) {
  const ui::Palette& c = app.ui.colors();
  const float width = ImGui::GetMainViewport()->Size.x;
  const float em = ui::em(1);
  const float pad_y = std::max(0.0F, (app.columns.top - ImGui::GetFrameHeight()) / 2);
  push_bar_colors(c);
  if (begin_region({"top", {0, 0}, {width, app.columns.top}, {1.0F * em, pad_y}, c.bar})) {
    ImGui::AlignTextToFramePadding();
    ui::push_type(app.ui, ui::Type::bold);
    ImGui::TextUnformatted("Attention Lab");
    ui::pop_type();
    ImGui::SameLine(0, 1.2F * em);
    const float right = 4 * 2.0F * em;
    const float search = std::clamp(0.15F * width, 9 * em, 16 * em);
    const float input = std::clamp(0.17F * width, 11 * em, 20 * em);
    const float backend = 9.2F * em;
    const float controls = search + input + backend + right + 1.8F * em;
    breadcrumb(app, std::max(4 * em, ImGui::GetContentRegionAvail().x - controls - em));
    ImGui::SameLine();
    align_right(controls);
    if (bar_button("search", ICON_FA_MAGNIFYING_GLASS "  Search   Ctrl+K", search,
                   "Labs, steps, words, actions (Ctrl+K)")) {
      app.palette.open = app.palette.focus = true;
    }
    ImGui::SameLine(0, 0.8F * em);
    const std::string name = short_name(app.catalog, app.book.input());
    if (bar_button("input", text(ICON_FA_DATABASE "  ", name), input, "Input: where Q, K and V come from")) {
      ImGui::OpenPopup("input_popup");
      below_item(app);
    }
    ImGui::SameLine(0, 0.5F * em);
    const auto* chosen = std::ranges::find(kBackends, app.book.preferences().backend, &BackendWords::choice);
    if (bar_button("backend", text(ICON_FA_MICROCHIP "  ", chosen->label), backend, "Which backends run")) {
      ImGui::OpenPopup("backend_popup");
      below_item(app);
    }
    ImGui::SameLine(0, 0.5F * em);
    looks(app);
    pop_bar_colors();
    input_popup(app);
    backend_popup(app);
  } else {
    pop_bar_colors();
  }
  end_region();
}

}  // namespace alab::shell
