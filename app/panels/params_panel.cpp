// One control per Param.
// SPDX-License-Identifier: MIT
#include "app/panels/params_panel.hpp"

#include <algorithm>
#include <cmath>

#include "hello_imgui/icons_font_awesome_6.h"
#include "imgui_internal.h"
#include "misc/cpp/imgui_stdlib.h"
#include "reference/core/error.hpp"
#include "reference/core/rng.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::u32;
using ui::Ui;

struct Control {
  Ui& ui;
  ParamSet& values;
  ParamsState& state;
  ParamsEvents& events;
  const Param& param;
  float width;

  double value() const { return values.value(param.key); }
  void set(double v, bool commit) {
    if (v != value()) {
      values.set(param, v);
      events.changed = true;
    }
    events.committed = events.committed || commit;
  }
};

std::string shown_value(const Param& param, double value) {
  if (param.kind == ParamKind::integer) {
    return format_value(value, "count");
  }
  std::ostringstream out;
  out.precision(4);
  out << value;
  return out.str();
}

float position(const Param& param, double value) {
  const bool log = param.log2 && param.min > 0;
  const double t = log ? std::log(value / param.min) / std::log(param.max / param.min)
                       : (value - param.min) / std::max(param.max - param.min, 1e-300);
  return static_cast<float>(std::clamp(t, 0.0, 1.0));
}

void context_menu(Control& c) {
  const std::string id = text("menu:", c.param.key);
  if (!ImGui::BeginPopupContextItem(id.c_str())) {
    return;
  }
  ui::muted(c.ui, c.param.label);
  const auto entry = [&](const char* words, double v) {
    const std::string shown = c.param.kind == ParamKind::choice
                                  ? std::string(c.param.options[static_cast<std::size_t>(v)])
                              : c.param.kind == ParamKind::boolean ? std::string(v != 0 ? "on" : "off")
                                                                   : shown_value(c.param, v);
    if (ImGui::MenuItem(words, shown.c_str())) {
      c.set(v, true);
    }
  };
  entry("Default", c.param.def);
  if (c.param.kind == ParamKind::integer || c.param.kind == ParamKind::real) {
    entry("Smallest", c.param.min);
    entry("Largest", c.param.max);
    ImGui::Separator();
    if (ImGui::MenuItem("Sweep this")) {
      c.events.sweep = std::string(c.param.key);
    }
  }
  ImGui::EndPopup();
}

void slider_help(const Control& c) {
  ui::help(c.ui, text(c.param.doc, "\n", shown_value(c.param, c.param.min), " to ",
                      shown_value(c.param, c.param.max), c.param.unit.empty() ? "" : " ", c.param.unit,
                      ", default ", shown_value(c.param, c.param.def),
                      ". Double click: default. Ctrl+click: type. Shift: fine."));
}

/// ImGui's own slider does the work unseen; the track and the grab are drawn slimmer, the value stands
/// outside.
void slider(Control& c) {
  const Param& p = c.param;
  const ui::Palette& colors = c.ui.colors();
  const std::string id = text("##", p.key);
  double v = c.value();
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const bool typing = ImGui::TempInputIsActive(ImGui::GetID(id.c_str()));
  const ImVec4 clear = ui::with_alpha(colors.panel, 0);
  for (const ImGuiCol index : {ImGuiCol_FrameBg, ImGuiCol_FrameBgHovered, ImGuiCol_FrameBgActive,
                               ImGuiCol_SliderGrab, ImGuiCol_SliderGrabActive}) {
    ImGui::PushStyleColor(index, typing && index == ImGuiCol_FrameBg ? colors.raised : clear);
  }
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {em(0.3F), typing ? em(0.1F) : 0.0F});
  ImGui::SetNextItemWidth(c.width);
  const ImGuiSliderFlags flags = ImGuiSliderFlags_AlwaysClamp | ImGuiSliderFlags_NoRoundToFormat |
                                 (p.log2 && p.min > 0 ? ImGuiSliderFlags_Logarithmic : 0);
  const bool moved = ImGui::SliderScalar(id.c_str(), ImGuiDataType_Double, &v, &p.min, &p.max, "", flags);
  ImGui::PopStyleVar();
  ImGui::PopStyleColor(5);
  const bool hovered = ImGui::IsItemHovered();
  const bool active = ImGui::IsItemActive();
  const bool focused = ImGui::IsItemFocused() && ImGui::GetIO().NavVisible;
  if (moved) {
    c.set(snapped(p, v, typing || ImGui::GetIO().KeyShift), false);
  }
  c.events.committed = c.events.committed || ImGui::IsItemDeactivatedAfterEdit();
  if (hovered && ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
    c.set(p.def, true);
  }
  if (hovered || active) {
    ui::hover_link(c.ui, p.key);
  }
  context_menu(c);
  if (!active) {
    slider_help(c);
  }
  if (typing) {
    return;
  }
  const float h = ImGui::GetItemRectSize().y;
  const float y = pos.y + h / 2;
  const float r = em(0.42F);
  const float x = pos.x + r + position(p, c.value()) * (c.width - 2 * r);
  const ImVec4 accent = ui::link_color(c.ui, p.key, colors.blue);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled({pos.x, y - 3}, {pos.x + c.width, y + 3}, u32(colors.sunken), 3);
  draw->AddRectFilled({pos.x, y - 3}, {x, y + 3}, u32(accent, 0.55F), 3);
  if (hovered || active || focused || ui::link_hovered(c.ui, p.key)) {
    draw->AddCircleFilled({x, y}, r * 1.7F, u32(accent, 0.2F));
  }
  draw->AddCircleFilled({x, y}, r, u32(accent));
}

void finish_typing(Control& c) {
  try {
    ParamSet tried = c.values;
    tried.set_text(c.param.key, c.state.buffer);
    c.set(tried.value(c.param.key), true);
    c.state.error.clear();
  } catch (const Error& error) {
    c.state.error = error.what();
    c.state.error_key = std::string(c.param.key);
  }
  c.state.editing.clear();
}

void value_field(Control& c) {
  const std::string key(c.param.key);
  if (c.state.editing == key) {
    ImGui::SetNextItemWidth(em(5));
    if (c.state.focus_editor) {
      ImGui::SetKeyboardFocusHere();
      c.state.focus_editor = false;
    }
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {em(0.3F), 0});
    const bool enter =
        ImGui::InputText(text("##edit:", key).c_str(), &c.state.buffer,
                         ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
    ImGui::PopStyleVar();
    if (enter || ImGui::IsItemDeactivated()) {
      finish_typing(c);
    }
    return;
  }
  const std::string shown =
      shown_value(c.param, c.value()) + (c.param.unit.empty() ? "" : " " + std::string(c.param.unit));
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {em(0.3F), 0});
  ImGui::PushStyleColor(ImGuiCol_Button, ui::with_alpha(c.ui.colors().sunken, 0));
  if (ImGui::Button(text(shown, "###value:", key).c_str())) {
    c.state.editing = key;
    c.state.buffer = c.values.text_of(c.param);
    c.state.error.clear();
    c.state.focus_editor = true;
  }
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
  ui::help(c.ui, "Click to type a value");
}

void label_line(Control& c) {
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const bool linked = c.ui.links.colors.contains(c.param.key);
  const float dot = linked ? em(0.75F) : 0;
  if (linked) {
    ImGui::GetWindowDrawList()->AddCircleFilled({pos.x + em(0.25F), pos.y + em(0.55F)}, em(0.22F),
                                                u32(ui::link_color(c.ui, c.param.key, c.ui.colors().muted)));
  }
  const std::string shown =
      shown_value(c.param, c.value()) + (c.param.unit.empty() ? "" : " " + std::string(c.param.unit));
  const float value_width =
      (c.state.editing == c.param.key ? em(5) : ImGui::CalcTextSize(shown.c_str()).x) + em(0.7F);
  ImGui::SetCursorScreenPos({pos.x + dot, pos.y});
  ImGui::PushStyleColor(ImGuiCol_Text,
                        ui::link_hovered(c.ui, c.param.key) ? c.ui.colors().ink : c.ui.colors().muted);
  ui::text_fitted(c.ui, c.param.label, std::max(em(3), c.width - dot - value_width - em(0.3F)));
  ImGui::PopStyleColor();
  ui::help(c.ui, c.param.doc);
  ImGui::SetCursorScreenPos({pos.x + c.width - value_width + em(0.35F), pos.y});
  value_field(c);
  ImGui::SetCursorScreenPos({pos.x, pos.y + em(1.2F)});
}

void number_control(Control& c) {
  ui::push_type(c.ui, ui::Type::small);
  label_line(c);
  slider(c);
  if (!c.state.error.empty() && c.state.error_key == c.param.key) {
    ImGui::PushStyleColor(ImGuiCol_Text, c.ui.colors().orange);
    ui::paragraph(c.ui, c.state.error, ui::Type::tiny, c.width);
    ImGui::PopStyleColor();
  }
  ui::pop_type();
}

bool is_wide(const Param& p) {
  return p.kind == ParamKind::integer && !p.log2 && p.max - p.min > 1e6;
}

/// A range that no slider can serve (a seed): a field, and dice for another value.
void wide_control(Control& c) {
  ui::push_type(c.ui, ui::Type::small);
  ui::text_colored(c.ui.colors().muted, c.param.label);
  ui::help(c.ui, c.param.doc);
  auto v = static_cast<std::int64_t>(c.value());
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {em(0.5F), em(0.12F)});
  ImGui::SetNextItemWidth(std::min(c.width - em(2.2F), em(9)));
  if (ImGui::InputScalar(text("##", c.param.key).c_str(), ImGuiDataType_S64, &v)) {
    c.set(std::clamp(static_cast<double>(v), c.param.min, c.param.max), false);
  }
  ImGui::PopStyleVar();
  c.events.committed = c.events.committed || ImGui::IsItemDeactivatedAfterEdit();
  ui::help(c.ui, text(c.param.doc, "\n", shown_value(c.param, c.param.min), " to ",
                      shown_value(c.param, c.param.max)));
  context_menu(c);
  ImGui::SameLine(0, em(0.2F));
  if (ui::icon_button(c.ui, text("dice:", c.param.key).c_str(), ICON_FA_DICE, "Another value")) {
    Rng rng(static_cast<std::uint64_t>(v) + 1);
    const auto count = static_cast<std::uint64_t>(c.param.max - c.param.min) + 1;
    c.set(c.param.min + static_cast<double>(rng.below(std::min<std::uint64_t>(count, 10000))), true);
  }
  ui::pop_type();
}

void choice_control(Control& c) {
  ui::push_type(c.ui, ui::Type::small);
  ui::text_colored(c.ui.colors().muted, c.param.label);
  ui::help(c.ui, c.param.doc);
  int index = static_cast<int>(c.value());
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {em(0.5F), em(0.12F)});
  if (ui::segmented(c.ui, std::string(c.param.key).c_str(), c.param.options, &index, c.width)) {
    c.set(index, true);
  }
  ImGui::PopStyleVar();
  context_menu(c);
  ui::pop_type();
}

void switch_control(Control& c) {
  ui::push_type(c.ui, ui::Type::small);
  ImGui::Dummy({c.width, em(0.35F)});
  bool on = c.value() != 0;
  if (ui::toggle(c.ui, text(c.param.label, "###", c.param.key).c_str(), &on)) {
    c.set(on ? 1 : 0, true);
  }
  ui::help(c.ui, c.param.doc);
  context_menu(c);
  ui::pop_type();
}

}  // namespace

double snapped(const Param& param, double value, bool fine) {
  if (param.kind == ParamKind::integer) {
    if (param.log2 && !fine && value >= 1) {
      value = std::exp2(std::round(std::log2(value)));
    }
    return std::clamp(std::round(value), param.min, param.max);
  }
  const double step = fine ? 1e-4 : 1e-3;  // of the range: a slider gives round numbers, typing gives any
  if (param.log2 && param.min > 0) {
    const double digits = std::pow(10, std::floor(std::log10(value)) - (fine ? 3 : 1));
    value = std::round(value / digits) * digits;
  } else if (!fine) {
    const double grid = std::pow(10, std::round(std::log10((param.max - param.min) * step * 5)));
    value = std::round(value / grid) * grid;
  }
  return std::clamp(value, param.min, param.max);
}

ParamsEvents params_panel(Ui& ui, ParamSet& values, ParamsState& state, const ParamsOptions& options) {
  ParamsEvents events;
  std::vector<const Param*> shown;
  for (const Param* p : values.schema()) {
    if (std::find(options.hidden.begin(), options.hidden.end(), p->key) == options.hidden.end()) {
      shown.push_back(p);
    }
  }
  ImGui::PushID("params");
  ImGui::BeginDisabled(!options.enabled);
  const float room = ImGui::GetContentRegionAvail().x;
  const float gap = em(1.5F);
  const int fit = std::max(1, static_cast<int>((room + gap) / (em(12) + gap)));
  const int columns = std::clamp(options.columns > 0 ? options.columns : std::min(fit, 4), 1,
                                 std::max(1, static_cast<int>(shown.size())));
  const float width = (room - gap * static_cast<float>(columns - 1)) / static_cast<float>(columns);
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  float y = origin.y;
  float next = y;
  for (std::size_t i = 0; i < shown.size(); ++i) {
    const auto column = static_cast<int>(i) % columns;
    if (column == 0) {
      y = next;
    }
    ImGui::SetCursorScreenPos({origin.x + static_cast<float>(column) * (width + gap), y});
    ImGui::BeginGroup();
    Control control{ui, values, state, events, *shown[i], width};
    switch (shown[i]->kind) {
      case ParamKind::integer:
      case ParamKind::real:
        if (is_wide(*shown[i])) {
          wide_control(control);
        } else {
          number_control(control);
        }
        break;
      case ParamKind::choice:
        choice_control(control);
        break;
      case ParamKind::boolean:
        switch_control(control);
        break;
    }
    ImGui::EndGroup();
    next = std::max(next, ImGui::GetItemRectMax().y + em(0.45F));
  }
  ImGui::SetCursorScreenPos({origin.x, next});
  ImGui::Dummy({room, 0});
  ImGui::EndDisabled();
  ImGui::PopID();
  return events;
}

}  // namespace alab::panels
