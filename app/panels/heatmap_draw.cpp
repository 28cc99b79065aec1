// Labels and colour bar of heatmaps.
// SPDX-License-Identifier: MIT
#include "app/panels/heatmap_draw.hpp"

#include <algorithm>
#include <cmath>

#include "app/ui/color_maps.hpp"
#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::u32;
using ui::Ui;

/// The longest start of text that fits, without cutting a character.
const char* fit_end(const std::string& label, float width) {
  const char* end = label.c_str() + label.size();
  while (end > label.c_str() && ImGui::CalcTextSize(label.c_str(), end).x > width) {
    do {
      --end;
    } while (end > label.c_str() && (static_cast<unsigned char>(*end) & 0xC0U) == 0x80U);
  }
  return end;
}

}  // namespace

std::string label_at(const std::vector<std::string>& labels, std::int64_t i) {
  const auto at = static_cast<std::size_t>(i);
  return at < labels.size() ? labels[at] : std::to_string(i);
}

void vertical_text(ImDrawList* draw, ImVec2 pos, ImU32 color, const char* begin, const char* end) {
  pos = {std::round(pos.x), std::round(pos.y)};
  const int first = draw->VtxBuffer.Size;
  draw->AddText(pos, color, begin, end);
  const float width = ImGui::CalcTextSize(begin, end).x;
  for (int i = first; i < draw->VtxBuffer.Size; ++i) {
    ImVec2& p = draw->VtxBuffer[i].pos;
    p = {pos.x + (p.y - pos.y), std::round(pos.y + width) - (p.x - pos.x)};
  }
}

void draw_row_labels(const Ui& ui, const Heatmap& map, const HeatmapState& state, const Geometry& g,
                     float gutter) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float size = ImGui::GetFontSize();
  const auto stride =
      std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(size * 1.02F / g.cell_h)));
  const auto first = static_cast<std::int64_t>(std::floor(state.view.row_from));
  const std::int64_t marked = state.hover_row >= 0 ? state.hover_row : state.pinned_row;
  for (std::int64_t i = (first + stride - 1) / stride * stride;
       i < static_cast<std::int64_t>(state.view.row_to); i += stride) {
    if (marked >= 0 && i != marked &&
        std::abs(g.y(static_cast<double>(i - marked), CellView{}) - g.low.y) < size) {
      continue;
    }
    const std::string label = label_at(map.row_labels, i);
    const char* end = fit_end(label, gutter - 6);
    const float y = g.y(static_cast<double>(i) + 0.5, state.view) - size / 2;
    draw->AddText({g.low.x - 6 - ImGui::CalcTextSize(label.c_str(), end).x, y},
                  u32(i == marked ? ui.colors().ink : ui.colors().muted), label.c_str(), end);
  }
  if (marked >= 0 && marked % stride != 0) {
    const std::string label = label_at(map.row_labels, marked);
    const char* end = fit_end(label, gutter - 6);
    const float y = g.y(static_cast<double>(marked) + 0.5, state.view) - size / 2;
    draw->AddText({g.low.x - 6 - ImGui::CalcTextSize(label.c_str(), end).x, y}, u32(ui.colors().ink),
                  label.c_str(), end);
  }
}

void draw_col_labels(const Ui& ui, const Heatmap& map, const HeatmapState& state, const Geometry& g,
                     float gutter) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float size = ImGui::GetFontSize();
  const bool flat = state.col_label_em * size < g.cell_w * 0.9F || map.col_labels.empty();
  const float need = flat ? std::max(state.col_label_em * size * 1.5F, size) : size * 1.02F;
  const auto stride = std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(need / g.cell_w)));
  const auto first = static_cast<std::int64_t>(std::floor(state.view.col_from));
  const std::int64_t marked = state.hover_col >= 0 ? state.hover_col : state.pinned_col;
  const auto draw_one = [&](std::int64_t j) {
    const std::string label = label_at(map.col_labels, j);
    const ImU32 color = u32(j == marked ? ui.colors().ink : ui.colors().muted);
    const float centre = g.x(static_cast<double>(j) + 0.5, state.view);
    const char* end = fit_end(label, flat ? 1e6F : gutter - 6);
    const float width = ImGui::CalcTextSize(label.c_str(), end).x;
    if (flat) {
      draw->AddText({centre - width / 2, g.high.y + 3}, color, label.c_str(), end);
    } else {
      vertical_text(draw, {centre - size / 2, g.high.y + 4}, color, label.c_str(), end);
    }
  };
  for (std::int64_t j = (first + stride - 1) / stride * stride;
       j < static_cast<std::int64_t>(state.view.col_to); j += stride) {
    if (marked < 0 || j == marked || std::abs(static_cast<float>(j - marked)) * g.cell_w >= need) {
      draw_one(j);
    }
  }
  if (marked >= 0 && marked % stride != 0) {
    draw_one(marked);
  }
}

void draw_hatch(const Ui& ui, const Geometry& g) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(g.low, g.high, u32(ui.colors().tint_grey));
  draw->PushClipRect(g.low, g.high, true);
  const float h = g.high.y - g.low.y;
  for (float x = g.low.x - h; x < g.high.x; x += 9) {
    draw->AddLine({x, g.high.y}, {x + h, g.low.y}, u32(ui.colors().line, 0.8F));
  }
  draw->PopClipRect();
}

void draw_color_bar(const Ui& ui, const Heatmap& map, const HeatmapState& state, ImVec2 pos, float height) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float width = em(0.8F);
  constexpr int kBands = 32;
  const bool dark = ui.theme.kind == ui::ThemeKind::dark;
  const auto shade = [&](float t) { return u32(map.diverging ? ui::diverging(t, dark) : ui::cividis(t)); };
  for (int i = 0; i < kBands; ++i) {
    const float a = static_cast<float>(i) / kBands;
    const float b = static_cast<float>(i + 1) / kBands;
    draw->AddRectFilledMultiColor({pos.x, pos.y + height * (1 - b)},
                                  {pos.x + width, pos.y + height * (1 - a)}, shade(b), shade(b), shade(a),
                                  shade(a));
  }
  draw->AddRect(pos, {pos.x + width, pos.y + height}, u32(ui.colors().line_strong));
  const float size = ImGui::GetFontSize();
  const bool log = state.scale == HeatmapScale::log && state.smallest_positive > 0 && !map.diverging;
  const int steps = state.few_integers ? std::max(1, static_cast<int>(state.high - state.low)) : 4;
  for (int i = 0; i <= steps; ++i) {
    const float t = static_cast<float>(i) / static_cast<float>(steps);
    float value = state.low + (state.high - state.low) * t;
    if (log) {
      value = state.smallest_positive * std::pow(state.high / state.smallest_positive, t);
    } else if (state.scale == HeatmapScale::log && map.diverging) {
      const float threshold = state.high * 1e-3F;
      const float side = 2 * std::abs(t - 0.5F);
      value = std::copysign(threshold * (std::pow(1 + state.high / threshold, side) - 1), t - 0.5F);
    }
    const float y = pos.y + height * (1 - t);
    draw->AddLine({pos.x + width, y}, {pos.x + width + 4, y}, u32(ui.colors().line_strong));
    std::ostringstream words;
    words.precision(2);
    words << (std::abs(value) < 1e-12F ? 0.0F : value);
    draw->AddText(
        {pos.x + width + 7, std::clamp(y - size / 2, pos.y - size * 0.3F, pos.y + height - size * 0.7F)},
        u32(ui.colors().muted), words.str().c_str());
  }
}

void masked_swatch(const Ui& ui, ImVec2 pos) {
  const float s = em(0.8F);
  Geometry g;
  g.low = pos;
  g.high = {pos.x + s, pos.y + s};
  draw_hatch(ui, g);
  ImGui::GetWindowDrawList()->AddRect(g.low, g.high, u32(ui.colors().line_strong));
  ImGui::GetWindowDrawList()->AddText({pos.x + s + 7, pos.y - em(0.1F)}, u32(ui.colors().muted), "masked");
}

}  // namespace alab::panels
