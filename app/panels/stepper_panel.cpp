// Controls, caption and quantities of a stepper; the grid is in stepper_grid.cpp.
// SPDX-License-Identifier: MIT
#include "app/panels/stepper_panel.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "app/panels/plot_frame.hpp"
#include "app/panels/stepper_grid.hpp"
#include "app/panels/stepper_map.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "imgui_internal.h"
#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::Ui;

std::int64_t last_frame(const Stepper& stepper) {
  return static_cast<std::int64_t>(stepper.frames.size()) - 1;
}

void go_to(const Stepper& stepper, StepperState& state, std::int64_t frame) {
  state.frame = std::clamp<std::int64_t>(frame, 0, last_frame(stepper));
}

void toggle_play(const Stepper& stepper, StepperState& state) {
  state.playing = !state.playing;
  if (state.playing && state.frame >= last_frame(stepper)) {
    state.frame = 0;
  }
  state.due = ImGui::GetTime() + 1 / static_cast<double>(state.speed);
}

void advance(const Stepper& stepper, StepperState& state) {
  if (!state.playing) {
    return;
  }
  const double now = ImGui::GetTime();
  while (state.due <= now && state.frame < last_frame(stepper)) {
    ++state.frame;
    state.due += 1 / static_cast<double>(state.speed);
  }
  state.playing = state.frame < last_frame(stepper);
}

void keyboard(const Stepper& stepper, StepperState& state) {
  if (!ImGui::IsWindowFocused(ImGuiFocusedFlags_ChildWindows) || ImGui::GetIO().WantTextInput) {
    return;
  }
  const ImGuiID owner = ImGui::GetID("keys");
  const auto pressed = [&](ImGuiKey key) {
    ImGui::SetKeyOwner(key, owner);  // or the arrows would walk to the next item
    return ImGui::IsKeyPressed(key);
  };
  const std::int64_t stride = ImGui::GetIO().KeyShift ? 10 : 1;
  if (pressed(ImGuiKey_LeftArrow)) {
    state.playing = false;
    go_to(stepper, state, state.frame - stride);
  }
  if (pressed(ImGuiKey_RightArrow)) {
    state.playing = false;
    go_to(stepper, state, state.frame + stride);
  }
  if (pressed(ImGuiKey_Home)) {
    go_to(stepper, state, 0);
  }
  if (pressed(ImGuiKey_End)) {
    go_to(stepper, state, last_frame(stepper));
  }
  if (!ImGui::IsAnyItemFocused() || !ImGui::GetIO().NavVisible) {
    if (pressed(ImGuiKey_Space)) {
      toggle_play(stepper, state);
    }
  }
}

void buttons(const Ui& ui, const Stepper& stepper, StepperState& state) {
  const std::int64_t last = last_frame(stepper);
  if (ui::icon_button(ui, "##first", ICON_FA_BACKWARD_FAST, "To the start (Home)", state.frame > 0)) {
    state.playing = false;
    go_to(stepper, state, 0);
  }
  ImGui::SameLine(0, 0);
  if (ui::icon_button(ui, "##back", ICON_FA_BACKWARD_STEP, "One step back (left arrow)", state.frame > 0)) {
    state.playing = false;
    go_to(stepper, state, state.frame - 1);
  }
  ImGui::SameLine(0, 0);
  if (ui::icon_button(ui, "##play", state.playing ? ICON_FA_PAUSE : ICON_FA_PLAY,
                      state.playing ? "Pause (space)" : "Play (space)")) {
    toggle_play(stepper, state);
  }
  ImGui::SameLine(0, 0);
  if (ui::icon_button(ui, "##forward", ICON_FA_FORWARD_STEP, "One step on (right arrow)",
                      state.frame < last)) {
    state.playing = false;
    go_to(stepper, state, state.frame + 1);
  }
  ImGui::SameLine(0, 0);
  if (ui::icon_button(ui, "##last", ICON_FA_FORWARD_FAST, "To the end (End)", state.frame < last)) {
    state.playing = false;
    go_to(stepper, state, last);
  }
}

/// A slim track with the grab on it; ImGui handles the mouse, the keys and typed values.
void scrub(const Ui& ui, const Stepper& stepper, StepperState& state, float width) {
  const std::int64_t zero = 0;
  const std::int64_t last = last_frame(stepper);
  std::int64_t frame = state.frame;
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const ImVec4 clear = ui::with_alpha(ui.colors().panel, 0);
  for (const ImGuiCol index : {ImGuiCol_FrameBg, ImGuiCol_FrameBgHovered, ImGuiCol_FrameBgActive,
                               ImGuiCol_SliderGrab, ImGuiCol_SliderGrabActive}) {
    ImGui::PushStyleColor(index, clear);
  }
  ImGui::SetNextItemWidth(width);
  if (ImGui::SliderScalar("##scrub", ImGuiDataType_S64, &frame, &zero, &last, "",
                          ImGuiSliderFlags_AlwaysClamp)) {
    state.playing = false;
    go_to(stepper, state, frame);
  }
  ImGui::PopStyleColor(5);
  const bool lit = ImGui::IsItemHovered() || ImGui::IsItemActive();
  ui::help(ui, "Drag to any frame; Ctrl+click types one");
  const float h = ImGui::GetItemRectSize().y;
  const float y = pos.y + h / 2;
  const float t = last > 0 ? static_cast<float>(state.frame) / static_cast<float>(last) : 1;
  const float r = em(0.42F);
  const float x = pos.x + r + t * (width - 2 * r);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled({pos.x, y - 3}, {pos.x + width, y + 3}, ui::u32(ui.colors().sunken), 3);
  draw->AddRectFilled({pos.x, y - 3}, {x, y + 3}, ui::u32(ui.colors().blue, 0.55F), 3);
  draw->AddCircleFilled({x, y}, lit ? r * 1.15F : r, ui::u32(ui.colors().blue));
}

void controls(const Ui& ui, const Stepper& stepper, StepperState& state, float width) {
  constexpr std::array<std::string_view, 4> kSpeeds{"1/s", "4/s", "15/s", "60/s"};
  constexpr std::array<float, 4> kRates{1, 4, 15, 60};
  const float left = ImGui::GetCursorPosX();
  buttons(ui, stepper, state);
  const std::string count = text(state.frame + 1, " of ", stepper.frames.size());
  const float count_width =
      ImGui::CalcTextSize(text(stepper.frames.size(), " of ", stepper.frames.size()).c_str()).x;
  ui::push_type(ui, ui::Type::tiny);
  const float speed_width = em(13);
  ui::pop_type();
  ImGui::SameLine(0, em(0.6F));
  const float start = ImGui::GetCursorPosX() - left;
  const bool wide = width - start - count_width - speed_width > em(9);
  scrub(ui, stepper, state, std::max(em(5), width - start - count_width - em(1) - (wide ? speed_width : 0)));
  ImGui::SameLine(0, em(0.6F));
  ImGui::AlignTextToFramePadding();
  ImGui::TextUnformatted(count.c_str());
  if (wide) {
    ImGui::SameLine(left + width - speed_width + em(0.8F));
    ui::push_type(ui, ui::Type::tiny);
    int index = 0;
    while (index + 1 < static_cast<int>(kRates.size()) &&
           kRates[static_cast<std::size_t>(index)] < state.speed) {
      ++index;
    }
    if (ui::segmented(ui, "speed", kSpeeds, &index, speed_width)) {
      state.speed = kRates[static_cast<std::size_t>(index)];
      state.due = ImGui::GetTime() + 1 / static_cast<double>(state.speed);
    }
    ui::pop_type();
  }
}

std::string quantity_text(double v) {
  if (std::isinf(v)) {
    return v < 0 ? "-\u221e" : "\u221e";
  }
  return format_value(v, std::abs(v) >= 1e4 && v == std::floor(v) ? "count" : "");
}

void quantities(Ui& ui, const Stepper& stepper, const StepperState& state, float width) {
  const float line = std::max(em(3.0F), width * 0.30F);
  const auto now = static_cast<std::size_t>(state.frame);
  for (std::size_t q = 0; q < stepper.quantities.size() && q < state.series.size(); ++q) {
    const std::string& name = stepper.quantities[q];
    const ImVec4 color = ui::link_color(ui, name, ui.colors().series[q % ui.colors().series.size()]);
    const ImVec2 pos = ImGui::GetCursorScreenPos();
    ui::push_type(ui, ui::Type::small);
    const std::string value = quantity_text(state.series[q][now]);
    const float value_width = ImGui::CalcTextSize(value.c_str()).x;
    const float height = em(1.55F);
    ImGui::GetWindowDrawList()->AddRectFilled({pos.x, pos.y + 2}, {pos.x + 3, pos.y + height - 4},
                                              ui::u32(color), 1.5F);
    ImGui::SetCursorScreenPos({pos.x + em(0.6F), pos.y});
    ImGui::BeginGroup();
    ui::text_fitted(ui, name, std::max(em(3), width - line - std::max(value_width, em(3.4F)) - em(1.8F)));
    ImGui::EndGroup();
    ImGui::SetCursorScreenPos({pos.x + width - line - em(0.5F) - value_width, pos.y});
    ImGui::TextUnformatted(value.c_str());
    ImGui::SetCursorScreenPos({pos.x + width - line, pos.y});
    ui::sparkline(color, std::span<const double>(state.series[q]).first(now + 1), {line, height - 3});
    ui::pop_type();
    ImGui::SetCursorScreenPos({pos.x, pos.y + height});
  }
  ImGui::Dummy({width, 0});
}

void caption(Ui& ui, const Stepper& stepper, const StepperState& state, float width, int lines) {
  const Frame& frame = stepper.frames[static_cast<std::size_t>(state.frame)];
  const ImVec4 color = frame_ink(ui, frame.kind);
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ui::chip(ui, to_string(frame.kind), color, ui::mix(ui.colors().panel, color, 0.15F));
  ImGui::SetCursorScreenPos({pos.x, pos.y + em(1.45F)});
  ui::paragraph(ui, frame.caption, ui::Type::body, width);
  const float kept =
      pos.y + em(1.45F) + static_cast<float>(lines) * em(1.22F);  // so that nothing below jumps
  if (ImGui::GetCursorScreenPos().y < kept) {
    ImGui::SetCursorScreenPos({pos.x, kept});
  }
}

}  // namespace

void prepare(const Stepper& stepper, StepperState& state) {
  const auto cells = static_cast<std::size_t>(std::max<std::int64_t>(stepper.rows * stepper.cols, 0));
  state.loaded_at.assign(cells, -1);
  state.done_at.assign(cells, -1);
  state.skipped_at.assign(cells, -1);
  state.series.assign(stepper.quantities.size(), std::vector<double>(stepper.frames.size(), std::nan("")));
  state.bar.assign(stepper.rows == 1 ? cells : 0, std::nan(""));
  for (std::size_t f = 0; f < stepper.frames.size(); ++f) {
    const Frame& frame = stepper.frames[f];
    for (std::size_t q = 0; q < std::min(frame.values.size(), state.series.size()); ++q) {
      state.series[q][f] = frame.values[q];
    }
    if (frame.row < 0 || frame.row >= stepper.rows || frame.col < 0 || frame.col >= stepper.cols) {
      continue;
    }
    const auto cell = static_cast<std::size_t>(frame.row * stepper.cols + frame.col);
    std::int32_t& at = frame.kind == Frame::skip   ? state.skipped_at[cell]
                       : frame.kind == Frame::load ? state.loaded_at[cell]
                                                   : state.done_at[cell];
    if (at < 0 || frame.kind != Frame::load) {
      at = static_cast<std::int32_t>(f);
    }
    const bool sees = frame.kind == Frame::compute || frame.kind == Frame::rescale;
    if (stepper.rows == 1 && sees && !frame.values.empty()) {
      state.bar[cell] = frame.values[0];
    }
  }
  state.prepared = true;
}

CellState cell_state(const Stepper& stepper, const StepperState& state, std::int64_t row, std::int64_t col) {
  const auto cell = static_cast<std::size_t>(row * stepper.cols + col);
  const auto reached = [&](std::int32_t at) { return at >= 0 && at <= state.frame; };
  if (reached(state.done_at[cell])) {
    return CellState::done;
  }
  if (reached(state.skipped_at[cell])) {
    return CellState::skipped;
  }
  return reached(state.loaded_at[cell]) ? CellState::loaded : CellState::to_come;
}

bool stepper_panel(Ui& ui, const Stepper& stepper, std::uint64_t version, StepperState& state, ImVec2 size,
                   const StepperOptions& options) {
  if (stepper.frames.empty() || stepper.rows < 1 || stepper.cols < 1) {
    ui::state_panel(ui, "empty", {ui::Phase::unavailable, "This run recorded no steps.", "", 0}, size);
    return false;
  }
  if (!state.prepared || state.version != version) {
    prepare(stepper, state);
    state.version = version;
    state.frame = std::min<std::int64_t>(state.frame, last_frame(stepper));
  }
  const std::int64_t before = state.frame;
  ImGui::PushID(text("stepper:", stepper.key).c_str());
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const ImVec2 box(size.x > 0 ? size.x : room.x, size.y > 0 ? size.y : std::max(room.y, em(18)));
  const ImVec2 start = ImGui::GetCursorScreenPos();
  const float alpha = ImGui::GetStyle().Alpha;
  ImGui::PushStyleVar(ImGuiStyleVar_Alpha, options.dimmed ? alpha * 0.5F : alpha);
  if (options.keyboard) {
    keyboard(stepper, state);
  }
  advance(stepper, state);
  plot_header(ui,
              {.title = stepper.title,
               .provenance = {stepper.provenance},
               .what = "",
               .key = stepper.key,
               .reset = false},
              box.x, {});
  controls(ui, stepper, state, box.x);
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const float note = stepper.note.empty() ? 0 : note_height(ui, stepper.note, box.x);
  const float height = std::max(em(10), box.y - (pos.y - start.y) - note);
  const bool film = has_map(stepper);
  const bool strip = stepper.rows == 1 && !film;
  const bool aside = !strip && box.x > em(28);
  const float side = aside ? std::clamp(box.x * 0.46F, em(14), em(22)) : box.x;
  const float quantity_height = static_cast<float>(stepper.quantities.size()) * em(1.45F);
  const float grid_height = aside ? height : std::max(em(7), height - quantity_height - em(strip ? 4.5F : 5));
  const ImVec2 picture(aside ? box.x - side - em(1) : box.x, grid_height);
  const float drawn =
      film ? stepper_map(ui, stepper, state, picture) : stepper_grid(ui, stepper, state, picture);
  const float grid_bottom = ImGui::GetCursorScreenPos().y;
  if (aside) {
    ImGui::SetCursorScreenPos({pos.x + std::min(drawn + em(1.2F), box.x - side), pos.y});
  }
  const float text_width = aside ? pos.x + box.x - ImGui::GetCursorScreenPos().x : box.x;
  ImGui::BeginGroup();
  caption(ui, stepper, state, text_width, aside ? 3 : 2);
  ui::vspace(0.2F);
  quantities(ui, stepper, state, text_width);
  ImGui::EndGroup();
  if (note > 0) {
    ImGui::SetCursorScreenPos({pos.x, std::max(grid_bottom, ImGui::GetCursorScreenPos().y) + em(0.2F)});
    plot_note(ui, stepper.note, box.x);
  }
  ImGui::PopStyleVar();
  ImGui::PopID();
  return state.frame != before;
}

}  // namespace alab::panels
