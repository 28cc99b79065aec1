// Tiles and bars of a stepper.
// SPDX-License-Identifier: MIT
#include "app/panels/stepper_grid.hpp"

#include <algorithm>
#include <cmath>

#include "app/panels/plot_axes.hpp"
#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::u32;
using ui::Ui;

ImVec4 color_of(const Ui& ui, CellState state) {
  const ui::Palette& c = ui.colors();
  switch (state) {
    case CellState::done:
      return ui::mix(c.raised, c.blue, 0.42F);
    case CellState::loaded:
      return ui::mix(c.raised, c.series[6], 0.22F);
    case CellState::skipped:
      return c.sunken;
    case CellState::to_come:
      break;
  }
  return ui::mix(c.panel, c.raised, 0.75F);
}

void draw_cell(const Ui& ui, ImDrawList* draw, ImVec2 a, ImVec2 b, CellState state) {
  const float rounding = std::min(4.0F, (b.x - a.x) * 0.18F);
  draw->AddRectFilled(a, b, u32(color_of(ui, state)), rounding);
  if (state == CellState::to_come && b.x - a.x > 6) {
    draw->AddRect(a, b, u32(ui.colors().line), rounding);
  }
  if (state == CellState::skipped && b.x - a.x > 6) {  // a stroke, so that colour is not the only sign
    draw->AddLine({a.x + 3, b.y - 3}, {b.x - 3, a.y + 3}, u32(ui.colors().line_strong), 1.2F);
  }
}

float legend(const Ui& ui, ImVec2 pos, float width, Frame::Kind now) {
  struct Entry {
    const char* words;
    CellState state;
    bool now;
  };
  constexpr Entry kEntries[] = {{"done", CellState::done, false},
                                {"now", CellState::done, true},
                                {"loaded", CellState::loaded, false},
                                {"skipped", CellState::skipped, false},
                                {"to come", CellState::to_come, false}};
  ui::push_type(ui, ui::Type::tiny);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float s = em(0.85F);
  float x = pos.x;
  float y = pos.y;
  for (const Entry& entry : kEntries) {
    const float need = s + em(0.4F) + ImGui::CalcTextSize(entry.words).x;
    if (x > pos.x && x + need > pos.x + width) {
      x = pos.x;
      y += em(1.35F);
    }
    if (entry.now) {
      draw->AddRectFilled({x, y}, {x + s, y + s}, u32(frame_color(ui, now)), 3);
    } else {
      draw_cell(ui, draw, {x, y}, {x + s, y + s}, entry.state);
    }
    draw->AddText({x + s + em(0.4F), y - em(0.05F)}, u32(ui.colors().muted), entry.words);
    x += need + em(0.9F);
  }
  const float used = y + em(1.35F) - pos.y;
  ui::pop_type();
  return used;
}

std::int64_t frame_of(const StepperState& state, std::size_t cell) {
  for (const std::int32_t at : {state.done_at[cell], state.skipped_at[cell], state.loaded_at[cell]}) {
    if (at >= 0) {
      return at;
    }
  }
  return -1;
}

std::string name_of(const std::vector<std::string>& names, const std::string& label, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  return at < names.size() && !names[at].empty() ? text(label, " ", i, "  ", names[at]) : text(label, " ", i);
}

struct Grid {
  ImVec2 low;
  float side = 1, gap = 1;
  ImVec2 corner(std::int64_t row, std::int64_t col) const {
    return {low.x + static_cast<float>(col) * side, low.y + static_cast<float>(row) * side};
  }
};

void point_at_tile(Ui& ui, const Stepper& stepper, StepperState& state, const Grid& grid) {
  if (!ImGui::IsItemHovered()) {
    return;
  }
  const ImVec2 mouse = ImGui::GetMousePos();
  const auto row = std::clamp<std::int64_t>(static_cast<std::int64_t>((mouse.y - grid.low.y) / grid.side), 0,
                                            stepper.rows - 1);
  const auto col = std::clamp<std::int64_t>(static_cast<std::int64_t>((mouse.x - grid.low.x) / grid.side), 0,
                                            stepper.cols - 1);
  const std::int64_t frame = frame_of(state, static_cast<std::size_t>(row * stepper.cols + col));
  const ImVec2 a = grid.corner(row, col);
  ImGui::GetWindowDrawList()->AddRect(a, {a.x + grid.side - grid.gap, a.y + grid.side - grid.gap},
                                      u32(ui.colors().ink), 3.0F, 1.5F);
  ui::tooltip(
      ui, text(name_of(stepper.row_names, stepper.row_label, row), "\n",
               name_of(stepper.col_names, stepper.col_label, col), "\n",
               frame < 0 ? std::string("never touched") : text("frame ", frame + 1, ": click to go there")));
  if (ImGui::IsMouseClicked(ImGuiMouseButton_Left) && frame >= 0) {
    state.playing = false;
    state.frame = frame;
  }
}

void tile_labels(const Ui& ui, const Stepper& stepper, const Frame& now, const Grid& grid) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float size = ImGui::GetFontSize();
  const auto stride =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(size * 1.4F / grid.side)));
  const auto middle = (grid.side - grid.gap - size) / 2;
  for (std::int64_t r = 0; r < stepper.rows; r += stride) {
    const std::string label = std::to_string(r);
    draw->AddText({grid.low.x - 6 - ImGui::CalcTextSize(label.c_str()).x, grid.corner(r, 0).y + middle},
                  u32(r == now.row ? ui.colors().ink : ui.colors().muted), label.c_str());
  }
  for (std::int64_t c = 0; c < stepper.cols; c += stride) {
    const std::string label = std::to_string(c);
    draw->AddText({grid.corner(0, c).x + (grid.side - grid.gap - ImGui::CalcTextSize(label.c_str()).x) / 2,
                   grid.low.y - size - 3},
                  u32(c == now.col ? ui.colors().ink : ui.colors().muted), label.c_str());
  }
  draw->AddText({grid.low.x, grid.low.y - 2 * size - 5}, u32(ui.colors().muted),
                text(stepper.row_label, " \u2193     ", stepper.col_label, " \u2192").c_str());
}

float draw_tiles(Ui& ui, const Stepper& stepper, StepperState& state, ImVec2 size) {
  const Frame& now = stepper.frames[static_cast<std::size_t>(state.frame)];
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ui::push_type(ui, ui::Type::tiny);
  const float gutter = em(2.0F);
  const float head = em(2.5F);
  const float foot = em(2.9F);
  Grid grid;
  grid.low = {pos.x + gutter, pos.y + head};
  grid.side = std::min({(size.x - gutter) / static_cast<float>(stepper.cols),
                        (size.y - head - foot) / static_cast<float>(stepper.rows), em(5.2F)});
  grid.side = std::max(grid.side, 2.0F);
  grid.gap = grid.side > 7 ? std::clamp(grid.side * 0.1F, 1.0F, 3.0F) : 0.0F;
  const float width = grid.side * static_cast<float>(stepper.cols);
  const float height = grid.side * static_cast<float>(stepper.rows);
  ImGui::SetCursorScreenPos(grid.low);
  ImGui::InvisibleButton("grid", {width, height});
  ImDrawList* draw = ImGui::GetWindowDrawList();
  for (std::int64_t r = 0; r < stepper.rows; ++r) {
    for (std::int64_t c = 0; c < stepper.cols; ++c) {
      const ImVec2 a = grid.corner(r, c);
      draw_cell(ui, draw, a, {a.x + grid.side - grid.gap, a.y + grid.side - grid.gap},
                cell_state(stepper, state, r, c));
    }
  }
  if (now.row >= 0 && now.row < stepper.rows && now.col >= 0 && now.col < stepper.cols) {
    const ImVec2 a = grid.corner(now.row, now.col);
    const ImVec2 b(a.x + grid.side - grid.gap, a.y + grid.side - grid.gap);
    const float grow = std::min(2.0F, grid.side * 0.1F);
    draw->AddRectFilled({a.x - grow, a.y - grow}, {b.x + grow, b.y + grow}, u32(frame_color(ui, now.kind)),
                        4);
  }
  tile_labels(ui, stepper, now, grid);
  ui::pop_type();
  point_at_tile(ui, stepper, state, grid);
  const float below = grid.low.y + height + em(0.5F);
  const float used = legend(ui, {pos.x, below}, std::max(width + gutter, em(14)), now.kind);
  ImGui::SetCursorScreenPos({pos.x, below + used});
  return std::max(width + gutter, em(14));
}

struct Range {
  double low = 0, high = 1;
};

Range bar_range(const StepperState& state) {
  Range r{INFINITY, -INFINITY};
  for (const double v : state.bar) {
    if (std::isfinite(v)) {
      r.low = std::min(r.low, v);
      r.high = std::max(r.high, v);
    }
  }
  if (!(r.low <= r.high)) {
    return {};
  }
  r.low = std::min(r.low, 0.0);
  r.high = std::max(r.high, r.low + 1e-9);
  const double room = 0.08 * (r.high - r.low);
  return {r.low < 0 ? r.low - room : r.low, r.high + room};
}

/// The quantity that is drawn as a line over the bars: a running maximum beside the value itself; -1: none.
int line_quantity(const Stepper& stepper) {
  for (std::size_t q = 1; q < stepper.quantities.size(); ++q) {
    if (stepper.quantities[q].find("max") != std::string::npos) {
      return static_cast<int>(q);
    }
  }
  return -1;
}

void draw_running(const Ui& ui, const Stepper& stepper, const StepperState& state, const Range& range,
                  ImVec2 low, ImVec2 high) {
  const int line = line_quantity(stepper);
  if (line < 0) {
    return;
  }
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float step = (high.x - low.x) / static_cast<float>(stepper.cols);
  for (std::int64_t f = 0; f <= state.frame; ++f) {
    const Frame& frame = stepper.frames[static_cast<std::size_t>(f)];
    const double v = state.series[static_cast<std::size_t>(line)][static_cast<std::size_t>(f)];
    if (frame.kind != Frame::compute && frame.kind != Frame::rescale) {
      continue;
    }
    if (std::isfinite(v) && v >= range.low && v <= range.high) {
      const float x = low.x + step * static_cast<float>(frame.col);
      const float y =
          high.y - static_cast<float>((v - range.low) / (range.high - range.low)) * (high.y - low.y);
      draw->AddLine({x, y}, {x + step, y}, u32(ui.colors().series[1]), 2.5F);
    }
  }
}

void draw_bar(const Ui& ui, const StepperState& state, const Range& range, std::size_t col, ImVec2 a,
              ImVec2 b, bool now, CellState cell, const ImVec4& accent) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const double v = state.bar[col];
  const auto y_of = [&](double value) {
    return b.y - static_cast<float>((value - range.low) / (range.high - range.low)) * (b.y - a.y);
  };
  if (now) {
    draw->AddRectFilled({a.x - 1, a.y}, {b.x + 1, b.y}, u32(accent, 0.16F), 3);
  }
  if (!std::isfinite(v)) {
    draw->AddRectFilled({a.x, b.y - 3}, {b.x, b.y}, u32(ui.colors().line_strong), 1);
    return;
  }
  const float y0 = y_of(0);
  const float y1 = y_of(v);
  const bool reached = cell == CellState::done;
  const ImVec4 color = now ? accent : reached ? color_of(ui, CellState::done) : ui.colors().sunken;
  draw->AddRectFilled({a.x, std::min(y0, y1) - 0.5F}, {b.x, std::max(y0, y1) + 0.5F}, u32(color),
                      std::min(3.0F, (b.x - a.x) * 0.3F));
}

float draw_bars(Ui& ui, const Stepper& stepper, StepperState& state, ImVec2 size) {
  const Frame& now = stepper.frames[static_cast<std::size_t>(state.frame)];
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ui::push_type(ui, ui::Type::tiny);
  const float left = em(2.8F);
  const float foot = em(2.7F);
  const ImVec2 low(pos.x + left, pos.y + em(0.3F));
  const ImVec2 high(pos.x + size.x, pos.y + std::max(em(4), size.y - foot));
  ImGui::SetCursorScreenPos(low);
  ImGui::InvisibleButton("grid", {high.x - low.x, high.y - low.y});
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(low, high, u32(ui.colors().raised), 4);
  draw->AddRect(low, high, u32(ui.colors().line), 4);
  const Range range = bar_range(state);
  AxisView scale;
  scale.from = range.low;
  scale.to = range.high;
  const Ticks ticks = ticks_of(scale, "", std::clamp(static_cast<int>((high.y - low.y) / em(3)), 2, 7));
  for (std::size_t i = 0; i < ticks.at.size(); ++i) {
    const std::string& label = ticks.labels[i];
    const float y =
        high.y - (high.y - low.y) * static_cast<float>((ticks.at[i] - range.low) / (range.high - range.low));
    draw->AddLine({low.x, y}, {high.x, y}, u32(ui.colors().plot_grid));
    draw->AddText({low.x - 6 - ImGui::CalcTextSize(label.c_str()).x,
                   std::clamp(y - em(0.5F), low.y - em(0.2F), high.y - em(0.9F))},
                  u32(ui.colors().muted), label.c_str());
  }
  const float step = (high.x - low.x) / static_cast<float>(stepper.cols);
  const float gap = step > 5 ? std::min(3.0F, step * 0.2F) : 0;
  const ImVec4 accent = frame_color(ui, now.kind);
  for (std::int64_t c = 0; c < stepper.cols; ++c) {
    const float x = low.x + step * static_cast<float>(c);
    draw_bar(ui, state, range, static_cast<std::size_t>(c), {x + gap / 2, low.y + 1},
             {x + std::max(step - gap / 2, 1.0F), high.y - 1}, c == now.col, cell_state(stepper, state, 0, c),
             accent);
  }
  draw_running(ui, stepper, state, range, low, high);
  const auto stride = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(em(3.4F) / step)));
  for (std::int64_t c = 0; c < stepper.cols; c += stride) {
    const auto at = static_cast<std::size_t>(c);
    const std::string label = at < stepper.col_names.size() ? stepper.col_names[at] : std::to_string(c);
    const float x = low.x + step * (static_cast<float>(c) + 0.5F) - ImGui::CalcTextSize(label.c_str()).x / 2;
    draw->AddText({std::max(x, low.x), high.y + 3}, u32(ui.colors().muted), label.c_str());
  }
  Grid grid;
  grid.low = low;
  grid.side = step;
  if (ImGui::IsItemHovered()) {
    const auto col = std::clamp<std::int64_t>(
        static_cast<std::int64_t>((ImGui::GetMousePos().x - low.x) / step), 0, stepper.cols - 1);
    const std::int64_t frame = frame_of(state, static_cast<std::size_t>(col));
    ui::tooltip(ui, text(name_of(stepper.col_names, stepper.col_label, col), "\n",
                         stepper.quantities.empty() ? std::string("value") : stepper.quantities[0], "  ",
                         format_value(state.bar[static_cast<std::size_t>(col)], "")));
    if (ImGui::IsMouseClicked(ImGuiMouseButton_Left) && frame >= 0) {
      state.playing = false;
      state.frame = frame;
    }
  }
  const int line = line_quantity(stepper);
  std::string axis = stepper.col_label;
  if (!stepper.quantities.empty()) {
    axis += text("     bars: ", stepper.quantities[0]);
  }
  if (line >= 0) {
    axis += text("     line: ", stepper.quantities[static_cast<std::size_t>(line)]);
  }
  draw->AddText({low.x, high.y + em(1.35F)}, u32(ui.colors().muted), axis.c_str());
  ImGui::SetCursorScreenPos({pos.x, high.y + em(2.7F)});
  ui::pop_type();
  return size.x;
}

}  // namespace

ImVec4 frame_color(const Ui& ui, Frame::Kind kind) {
  const ui::Palette& c = ui.colors();
  switch (kind) {
    case Frame::load:
      return c.series[6];
    case Frame::compute:
      return c.series[5];
    case Frame::skip:
      return c.line_strong;
    case Frame::rescale:
      return c.series[3];
    case Frame::finish:
      return c.series[2];
  }
  return c.series[5];
}

ImVec4 frame_ink(const Ui& ui, Frame::Kind kind) {
  const ui::Palette& c = ui.colors();
  switch (kind) {
    case Frame::load:
      return c.blue;
    case Frame::compute:
      return c.amber;
    case Frame::skip:
      return c.muted;
    case Frame::rescale:
      return c.pink;
    case Frame::finish:
      return c.green;
  }
  return c.ink;
}

float stepper_grid(Ui& ui, const Stepper& stepper, StepperState& state, ImVec2 size) {
  return stepper.rows == 1 ? draw_bars(ui, stepper, state, size) : draw_tiles(ui, stepper, state, size);
}

}  // namespace alab::panels
