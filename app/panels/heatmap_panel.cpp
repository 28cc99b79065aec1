// Draws a heatmap with its labels, its colour bar and what is under the mouse.
// SPDX-License-Identifier: MIT
#include "app/panels/heatmap_panel.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "app/panels/heatmap_draw.hpp"
#include "app/panels/plot_axes.hpp"
#include "app/panels/plot_frame.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "imgui_internal.h"
#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::u32;
using ui::Ui;

float widest(const std::vector<std::string>& labels, std::int64_t count) {
  float width = ImGui::CalcTextSize(std::to_string(std::max<std::int64_t>(count - 1, 0)).c_str()).x;
  for (const std::string& label : labels) {
    width = std::max(width, ImGui::CalcTextSize(label.c_str()).x);
  }
  return width / ImGui::GetFontSize();
}

void show_all(const Heatmap& map, HeatmapState& state) {
  state.view = {0, static_cast<double>(map.rows), 0, static_cast<double>(map.cols)};
}

void refresh(const Ui& ui, const Heatmap& map, std::uint64_t version, HeatmapState& state, int pool) {
  const bool fresh = !state.texture || state.version != version;
  if (fresh) {
    if (state.pinned_row >= map.rows || state.pinned_col >= map.cols) {
      state.pinned_row = state.pinned_col = -1;
    }
    if (!state.keep_range) {
      measure(map, state);
    }
    if (state.rows != map.rows || state.cols != map.cols) {
      show_all(map, state);
      state.rows = map.rows;
      state.cols = map.cols;
    }
    state.row_label_em = widest(map.row_labels, map.rows);
    state.col_label_em = widest(map.col_labels, map.cols);
    state.version = version;
  }
  if (fresh || state.theme != ui.theme.kind || state.uploaded_scale != state.scale ||
      state.texture->pool != pool) {
    if (!state.texture) {
      state.texture = std::make_unique<HeatmapTexture>();
    }
    state.theme = ui.theme.kind;
    state.uploaded_scale = state.scale;
    state.texture->pool = pool;
    state.texture->upload(heatmap_pixels(map, state, pool, ui.theme.kind == ui::ThemeKind::dark),
                          static_cast<int>((map.cols + pool - 1) / pool),
                          static_cast<int>((map.rows + pool - 1) / pool));
  }
}

Geometry place(const CellView& view, ImVec2 pos, ImVec2 room) {
  const auto cols = static_cast<float>(view.col_to - view.col_from);
  const auto rows = static_cast<float>(view.row_to - view.row_from);
  Geometry g;
  g.cell_w = room.x / std::max(cols, 1.0F);
  g.cell_h = room.y / std::max(rows, 1.0F);
  const float ratio = std::clamp(rows / std::max(cols, 1.0F), 0.01F, 100.0F);
  const float strip = std::max(ratio, 1 / ratio);  // square cells unless the map is a strip
  const float stretch = strip < 2 ? 1.0F : std::clamp(2 * strip, 4.0F, 12.0F);
  g.cell_w = std::min(g.cell_w, g.cell_h * stretch);
  g.cell_h = std::min(g.cell_h, g.cell_w * stretch);
  g.low = pos;
  g.high = {pos.x + g.cell_w * cols, pos.y + g.cell_h * rows};
  return g;
}

void zoom_and_pan(const Heatmap& map, HeatmapState& state, const Geometry& g) {
  CellView& v = state.view;
  const ImGuiIO& io = ImGui::GetIO();
  const double cols = v.col_to - v.col_from;
  const double rows = v.row_to - v.row_from;
  if (ImGui::IsItemHovered()) {
    ImGui::SetItemKeyOwner(ImGuiKey_MouseWheelY);
    if (io.MouseWheel != 0) {
      const double factor = std::clamp(std::pow(0.8, static_cast<double>(io.MouseWheel)),
                                       4 / std::max(4.0, std::min(rows, cols)), 10.0);
      const double at_col = v.col_from + static_cast<double>((io.MousePos.x - g.low.x) / g.cell_w);
      const double at_row = v.row_from + static_cast<double>((io.MousePos.y - g.low.y) / g.cell_h);
      v.col_from = at_col - (at_col - v.col_from) * factor;
      v.row_from = at_row - (at_row - v.row_from) * factor;
      v.col_to = v.col_from + std::min(cols * factor, static_cast<double>(map.cols));
      v.row_to = v.row_from + std::min(rows * factor, static_cast<double>(map.rows));
    }
    if (ImGui::IsMouseDoubleClicked(ImGuiMouseButton_Left)) {
      show_all(map, state);
      state.pinned_row = state.pinned_col = -1;
    }
  }
  if (ImGui::IsItemActive() && ImGui::IsMouseDragging(ImGuiMouseButton_Left)) {
    v.col_from -= static_cast<double>(io.MouseDelta.x / g.cell_w);
    v.col_to -= static_cast<double>(io.MouseDelta.x / g.cell_w);
    v.row_from -= static_cast<double>(io.MouseDelta.y / g.cell_h);
    v.row_to -= static_cast<double>(io.MouseDelta.y / g.cell_h);
  }
  const auto hold = [](double& from, double& to, double count) {
    const double shift = from < 0 ? -from : to > count ? count - to : 0;
    from += shift;
    to += shift;
  };
  hold(v.col_from, v.col_to, static_cast<double>(map.cols));
  hold(v.row_from, v.row_to, static_cast<double>(map.rows));
}

void point_and_pin(const Heatmap& map, HeatmapState& state, const Geometry& g) {
  const ImVec2 mouse = ImGui::GetMousePos();
  state.hover_row = state.hover_col = -1;
  if (ImGui::IsItemHovered()) {
    state.hover_row = std::clamp<std::int64_t>(
        static_cast<std::int64_t>(state.view.row_from + static_cast<double>((mouse.y - g.low.y) / g.cell_h)),
        0, map.rows - 1);
    state.hover_col = std::clamp<std::int64_t>(
        static_cast<std::int64_t>(state.view.col_from + static_cast<double>((mouse.x - g.low.x) / g.cell_w)),
        0, map.cols - 1);
  }
  const ImVec2 moved = ImGui::GetMouseDragDelta(ImGuiMouseButton_Left);
  if (ImGui::IsItemDeactivated() && state.hover_row >= 0 && std::hypot(moved.x, moved.y) < 4 &&
      !ImGui::IsMouseDoubleClicked(0)) {
    const bool same = state.pinned_row == state.hover_row && state.pinned_col == state.hover_col;
    state.pinned_row = same ? -1 : state.hover_row;
    state.pinned_col = same ? -1 : state.hover_col;
  }
  if (ImGui::IsItemFocused() && state.pinned_row >= 0) {
    const std::array<std::pair<ImGuiKey, std::array<int, 2>>, 4> keys{{{ImGuiKey_LeftArrow, {0, -1}},
                                                                       {ImGuiKey_RightArrow, {0, 1}},
                                                                       {ImGuiKey_UpArrow, {-1, 0}},
                                                                       {ImGuiKey_DownArrow, {1, 0}}}};
    for (const auto& [key, by] : keys) {
      ImGui::SetKeyOwner(key, ImGui::GetItemID());  // or the arrows would walk to the next item
      if (ImGui::IsKeyPressed(key)) {
        state.pinned_row = std::clamp<std::int64_t>(state.pinned_row + by[0], 0, map.rows - 1);
        state.pinned_col = std::clamp<std::int64_t>(state.pinned_col + by[1], 0, map.cols - 1);
      }
    }
  }
}

void outline_cell(const Ui& ui, const HeatmapState& state, const Geometry& g, std::int64_t row,
                  std::int64_t col, const ImVec4& color) {
  if (row < 0 || col < 0) {
    return;
  }
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 a(g.x(static_cast<double>(col), state.view), g.y(static_cast<double>(row), state.view));
  const ImVec2 b(a.x + g.cell_w, a.y + g.cell_h);
  draw->PushClipRect({g.low.x - 2, g.low.y - 2}, {g.high.x + 2, g.high.y + 2}, true);
  draw->AddRect({g.low.x, a.y}, {g.high.x, b.y}, u32(ui.colors().raised, 0.55F));
  draw->AddRect({a.x, g.low.y}, {b.x, g.high.y}, u32(ui.colors().raised, 0.55F));
  draw->AddRect({a.x - 2, a.y - 2}, {b.x + 2, b.y + 2}, u32(ui.colors().raised), 2.0F, 3.5F);
  draw->AddRect({a.x - 1, a.y - 1}, {b.x + 1, b.y + 1}, u32(color), 1.0F, 2.0F);
  draw->PopClipRect();
}

/// "query 12 'fox'".
std::string named(const Axis& axis, const std::vector<std::string>& labels, std::int64_t i) {
  const std::string label = label_at(labels, i);
  return label == std::to_string(i) ? text(axis.label, " ", i) : text(axis.label, " ", i, "  '", label, "'");
}

void strongest_of_row(Ui& ui, const Heatmap& map, std::int64_t row, float width) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(map.cols));
  std::iota(order.begin(), order.end(), 0);
  const float* values = map.values.data() + row * map.cols;
  const auto weight = [&](std::int64_t j) { return std::isfinite(values[j]) ? std::abs(values[j]) : -1.0F; };
  const auto top = std::min<std::int64_t>(5, map.cols);
  std::partial_sort(order.begin(), order.begin() + top, order.end(),
                    [&](std::int64_t a, std::int64_t b) { return weight(a) > weight(b); });
  ui::muted(ui, text("Strongest in this row"), ui::Type::tiny);
  for (std::int64_t k = 0; k < top && weight(order[static_cast<std::size_t>(k)]) >= 0; ++k) {
    const std::int64_t j = order[static_cast<std::size_t>(k)];
    const std::string label = label_at(map.col_labels, j);
    ui::push_type(ui, ui::Type::small);
    const std::string number = format_value(values[j], "");
    const float start = ImGui::GetCursorPosX();
    ui::text_fitted(ui, label, width * 0.6F);
    ImGui::SameLine(start + width - ImGui::CalcTextSize(number.c_str()).x);
    ui::text_colored(ui.colors().muted, number);
    ui::pop_type();
  }
}

void readout(Ui& ui, const Heatmap& map, const HeatmapState& state, float width, bool tall) {
  const bool hover = state.hover_row >= 0;
  const std::int64_t row = hover ? state.hover_row : state.pinned_row;
  const std::int64_t col = hover ? state.hover_col : state.pinned_col;
  if (row < 0 || col < 0) {
    ImGui::PushStyleColor(ImGuiCol_Text, ui.colors().muted);
    ui::paragraph(ui, "Point at a cell to read it, click to keep it, wheel to zoom.", ui::Type::small, width);
    ImGui::PopStyleColor();
    return;
  }
  const auto cell = static_cast<std::size_t>(row * map.cols + col);
  const std::string unit = map.unit.empty() ? "" : " " + map.unit;
  const float value = map.values[cell];
  std::string number = std::isfinite(value) ? text(map.value_label, "  ", format_value(value, ""), unit)
                                            : std::string("masked");
  std::string detail;
  if (cell < map.detail.size() && std::isfinite(map.detail[cell])) {
    detail = text(map.detail_label, "  ", format_value(map.detail[cell], ""));
  }
  const std::string where =
      text(named(map.row, map.row_labels, row), "   \u2192   ", named(map.col, map.col_labels, col));
  if (!tall) {
    ui::push_type(ui, ui::Type::small);
    ui::text_fitted(ui, text(where, "    ", number, detail.empty() ? "" : "    ", detail), width);
    ui::pop_type();
    return;
  }
  ui::paragraph(ui, named(map.row, map.row_labels, row), ui::Type::small, width);
  ui::paragraph(ui, text("\u2192 ", named(map.col, map.col_labels, col)), ui::Type::small, width);
  ui::paragraph(ui, number, ui::Type::bold, width);
  if (!detail.empty()) {
    ui::paragraph(ui, detail, ui::Type::small, width);
  }
  ui::vspace(0.3F);
  strongest_of_row(ui, map, row, width);
  if (!hover) {
    ui::muted(ui, "pinned; click it again to let go", ui::Type::tiny);
  }
}

void scale_switch(const Ui& ui, HeatmapState& state) {
  if (!state.log_helps) {
    state.scale = HeatmapScale::linear;
    return;
  }
  constexpr std::array<std::string_view, 2> kScales{"linear", "log"};
  int index = state.scale == HeatmapScale::log ? 1 : 0;
  ui::push_type(ui, ui::Type::tiny);
  if (ui::segmented(ui, "scale", kScales, &index, em(12))) {
    state.scale = index == 1 ? HeatmapScale::log : HeatmapScale::linear;
  }
  ui::pop_type();
}

}  // namespace

ImVec2 heatmap_body(Ui& ui, const Heatmap& map, std::uint64_t version, HeatmapState& state, ImVec2 pos,
                    ImVec2 box) {
  ui::push_type(ui, ui::Type::tiny);
  const float size = ImGui::GetFontSize();
  const float left = std::clamp(state.row_label_em * size + 10, em(1.6F), em(7)) + size * 1.3F;
  const float bottom = std::clamp(map.col_labels.empty() ? size * 1.1F : state.col_label_em * size + 8,
                                  size * 1.2F, em(5.5F)) +
                       size * 1.3F;
  const float bar = em(6.2F);
  const ImVec2 room(std::max(em(6), box.x - left - bar), std::max(em(6), box.y - bottom));
  const Geometry g = place(state.view, {pos.x + left, pos.y}, room);
  const float shown = std::min(g.cell_w, g.cell_h);
  int pool = 1;
  while (shown * static_cast<float>(pool) < 0.75F) {
    pool *= 2;
  }
  refresh(ui, map, version, state, pool);
  ImGui::SetCursorScreenPos(g.low);
  ImGui::InvisibleButton("map", {g.high.x - g.low.x, g.high.y - g.low.y}, ImGuiButtonFlags_EnableNav);
  zoom_and_pan(map, state, g);
  point_and_pin(map, state, g);
  if (state.has_masked) {
    draw_hatch(ui, g);
  }
  const auto texels_x = static_cast<float>((map.cols + pool - 1) / pool * pool);
  const auto texels_y = static_cast<float>((map.rows + pool - 1) / pool * pool);
  if (state.texture->ready()) {
    const CellView& v = state.view;
    state.texture->draw(
        ImGui::GetWindowDrawList(), g.low, g.high,
        {static_cast<float>(v.col_from) / texels_x, static_cast<float>(v.row_from) / texels_y},
        {static_cast<float>(v.col_to) / texels_x, static_cast<float>(v.row_to) / texels_y},
        u32({1, 1, 1, 1}));
  }
  outline_cell(ui, state, g, state.pinned_row, state.pinned_col, ui.colors().series[1]);
  outline_cell(ui, state, g, state.hover_row, state.hover_col, ui.colors().ink);
  draw_row_labels(ui, map, state, g, left - size * 1.3F);
  draw_col_labels(ui, map, state, g, bottom - size * 1.3F);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const std::string across = axis_title(map.col);
  const std::string down = axis_title(map.row);
  draw->AddText(
      {(g.low.x + g.high.x - ImGui::CalcTextSize(across.c_str()).x) / 2, g.high.y + bottom - size * 1.2F},
      u32(ui.colors().muted), across.c_str());
  const float down_width = ImGui::CalcTextSize(down.c_str()).x;
  vertical_text(draw, {pos.x, (g.low.y + g.high.y - down_width) / 2}, u32(ui.colors().muted), down.c_str(),
                down.c_str() + down.size());
  const float bar_height = std::min(g.high.y - g.low.y - (state.has_masked ? em(2) : 0), em(16));
  draw_color_bar(ui, map, state, {g.high.x + em(1), g.low.y + em(0.3F)}, bar_height - em(0.3F));
  if (state.has_masked) {
    masked_swatch(ui, {g.high.x + em(1), g.low.y + bar_height + em(0.9F)});
  }
  ui::pop_type();
  return {g.high.x + bar, std::max(g.high.y + bottom, g.low.y + bar_height + em(2))};
}

void heatmap_readout(Ui& ui, const Heatmap& map, const HeatmapState& state, float width) {
  readout(ui, map, state, width, false);
}

void heatmap_panel(Ui& ui, const Heatmap& map, std::uint64_t version, HeatmapState& state, ImVec2 size,
                   bool dimmed) {
  if (map.rows < 1 || map.cols < 1 || map.values.size() != static_cast<std::size_t>(map.rows * map.cols)) {
    ui::state_panel(ui, "empty", {ui::Phase::unavailable, "This map has no cells.", "", 0}, size);
    return;
  }
  ImGui::PushID(text("heatmap:", map.key).c_str());
  const ImVec2 room = ImGui::GetContentRegionAvail();
  const ImVec2 box(size.x > 0 ? size.x : room.x, size.y > 0 ? size.y : std::max(room.y, em(16)));
  const ImVec2 start = ImGui::GetCursorScreenPos();
  const float alpha = ImGui::GetStyle().Alpha;
  ImGui::PushStyleVar(ImGuiStyleVar_Alpha, dimmed ? alpha * 0.5F : alpha);
  if (!state.texture || state.version != version) {
    refresh(ui, map, version, state, 1);
  }
  const FrameTools tools{.title = map.title,
                         .provenance = {map.provenance},
                         .what = "the values",
                         .key = map.key,
                         .reset = true};
  if (plot_header(ui, tools, box.x, [&] { return heatmap_as_text(map); })) {
    show_all(map, state);
  }
  const float note = map.note.empty() ? 0 : note_height(ui, map.note, box.x);
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const float around = em(12);  // labels and colour bar
  const float left_over = box.y - (pos.y - start.y) - note;
  const bool aside =
      std::min(box.x - em(12.5F) - around, left_over) >= std::min(box.x - around, left_over - em(3.9F));
  const float side = aside ? em(12.5F) : 0;
  const float under = aside ? 0 : em(3.9F);
  const float height = std::max(em(9), box.y - (pos.y - start.y) - note - under);
  const ImVec2 end = heatmap_body(ui, map, version, state, pos, {box.x - side, height});
  if (aside) {
    const float x = std::min(end.x + em(0.5F), pos.x + box.x - side + em(0.8F));
    ImGui::SetCursorScreenPos({x, pos.y});
    ImGui::BeginGroup();
    scale_switch(ui, state);
    ui::vspace(0.2F);
    readout(ui, map, state, pos.x + box.x - x, true);
    ImGui::EndGroup();
  } else {
    ImGui::SetCursorScreenPos({pos.x, std::min(end.y, pos.y + height) + em(0.3F)});
    scale_switch(ui, state);
    readout(ui, map, state, box.x, false);
  }
  if (note > 0) {
    ImGui::SetCursorScreenPos(
        {pos.x, std::max(std::min(end.y, pos.y + height), ImGui::GetItemRectMax().y) + em(0.2F)});
    plot_note(ui, map.note, box.x);
  }
  ImGui::PopStyleVar();
  ImGui::PopID();
}

}  // namespace alab::panels
