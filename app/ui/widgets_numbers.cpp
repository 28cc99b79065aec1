// Chips, rings, lamps, sparklines: numbers with their origin.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "app/ui/widgets.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "reference/core/error.hpp"

namespace alab::ui {
namespace {

const char* meaning_of(Provenance::Kind kind) {
  switch (kind) {
    case Provenance::measured:
      return "measured on this machine, in this run";
    case Provenance::counted:
      return "counted exactly while it ran";
    case Provenance::modelled:
      return "computed from a formula";
    case Provenance::recorded:
      return "recorded earlier, read from a file";
    case Provenance::paper:
      return "printed in a publication";
  }
  return "";
}

/// "at least": the upper end is so far away that it is none.
bool open_above(const Check& check) {
  return check.low > 0 && check.high > 1e5 * check.low;
}

/// Where values lie on a lamp's gauge, 0 .. 1: an error on a log axis, a band on a linear one.
class Gauge {
 public:
  explicit Gauge(const Check& check) : low_(check.low), high_(check.high) {
    log_ = low_ == 0 && high_ > 0 && high_ < 0.5;
    if (open_above(check)) {
      from_ = 0;
      to_ = 2.5 * low_;
      return;
    }
    const double width = std::max(high_ - low_, 0.1 * std::max(std::abs(low_), 1e-12));
    from_ = log_ ? std::log10(high_) - 6 : low_ - width;
    to_ = log_ ? std::log10(high_) + 2 : high_ + width;
  }
  float at(double value) const {
    if (!std::isfinite(value)) {
      return value < 0 ? 0.0F : 1.0F;
    }
    const double v = log_ ? std::log10(std::max(value, 1e-300)) : value;
    return static_cast<float>(std::clamp((v - from_) / (to_ - from_), 0.0, 1.0));
  }
  float band_low() const { return log_ ? 0.0F : std::min(at(low_), 0.98F); }
  float band_high() const { return std::max(at(high_), band_low() + 0.03F); }

 private:
  double low_, high_, from_ = 0, to_ = 1;
  bool log_ = false;
};

std::string number_text(double value) {
  if (std::abs(value) >= 1e-3 && std::abs(value) < 1e15 && value == std::floor(value)) {
    return format_value(value, "count");
  }
  return format_value(value, value != 0 && std::abs(value) < 1e-3 ? "error" : "");
}

std::string band_text(const Check& check) {
  if (check.low == check.high) {
    return text("exactly ", number_text(check.high));
  }
  if (open_above(check)) {
    return text("at least ", number_text(check.low));
  }
  if (check.low == 0 || std::isinf(check.low)) {
    return text("at most ", number_text(check.high));
  }
  return text(number_text(check.low), " to ", number_text(check.high));
}

void draw_gauge(const Ui& ui, const Check& check, ImVec2 pos, ImVec2 size) {
  const Palette& c = ui.colors();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Gauge gauge(check);
  const ImVec4 state = check.passed() ? c.green : check.lamp ? c.amber : c.orange;
  const float y = pos.y + size.y * 0.5F;
  const float half = size.y * 0.22F;
  draw->AddRectFilled({pos.x, y - half}, {pos.x + size.x, y + half}, u32(c.sunken), half);
  draw->AddRectFilled({pos.x + size.x * gauge.band_low(), y - half},
                      {pos.x + size.x * gauge.band_high(), y + half}, u32(mix(c.sunken, c.green, 0.45F)),
                      half);
  const float x = pos.x + std::clamp(size.x * gauge.at(check.value), 2.0F, size.x - 2.0F);
  draw->AddRectFilled({x - 2, pos.y + size.y * 0.08F}, {x + 2, pos.y + size.y * 0.92F}, u32(state), 2);
}

}  // namespace

ImVec4 provenance_color(const Ui& ui, Provenance::Kind kind) {
  const Palette& c = ui.colors();
  switch (kind) {
    case Provenance::measured:
      return c.green;
    case Provenance::counted:
      return c.blue;
    case Provenance::modelled:
      return c.amber;
    case Provenance::recorded:
      return c.pink;
    case Provenance::paper:
      return c.muted;
  }
  return c.muted;
}

void chip(const Ui& ui, std::string_view text, const ImVec4& color, const ImVec4& ground,
          std::string_view tip) {
  push_type(ui, Type::tiny);
  const ImVec2 extent = ImGui::CalcTextSize(text.data(), text.data() + text.size());
  const ImVec2 pad(em(0.55F), em(0.14F));
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const ImVec2 size(extent.x + 2 * pad.x, extent.y + 2 * pad.y);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(pos, {pos.x + size.x, pos.y + size.y}, u32(ground), size.y / 2);
  draw->AddText({pos.x + pad.x, pos.y + pad.y}, u32(color), text.data(), text.data() + text.size());
  ImGui::Dummy(size);
  pop_type();
  if (!tip.empty()) {
    help(ui, tip);
  }
}

void provenance_chip(const Ui& ui, const Provenance& provenance) {
  const ImVec4 color = provenance_color(ui, provenance.kind);
  const std::string tip = text(meaning_of(provenance.kind), "\n", provenance.source);
  chip(ui, to_string(provenance.kind), color, mix(ui.colors().panel, color, 0.13F), tip);
}

float provenance_chip_width(const Ui& ui, const Provenance& provenance) {
  push_type(ui, Type::tiny);
  const std::string_view word = to_string(provenance.kind);
  const float width = ImGui::CalcTextSize(word.data(), word.data() + word.size()).x + em(1.1F);
  pop_type();
  return width;
}

void progress_ring(const Ui& ui, double fraction, float radius) {
  const Palette& c = ui.colors();
  const float r = radius > 0 ? radius : em(0.42F);
  const float thick = r * 0.42F;
  const float height = std::max(ImGui::GetTextLineHeight(), 2 * r);
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const ImVec2 centre(pos.x + r + 1, pos.y + height / 2);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  constexpr float kPi = 3.14159265F;
  if (fraction >= 1) {
    draw->AddCircleFilled(centre, r + thick / 2, u32(c.green));
    const float k = r * 0.5F;
    const ImVec2 tick[] = {{centre.x - k, centre.y},
                           {centre.x - k * 0.25F, centre.y + k * 0.7F},
                           {centre.x + k, centre.y - k * 0.7F}};
    draw->AddPolyline(tick, 3, u32(c.on_accent), std::max(1.5F, r * 0.28F));
  } else {
    draw->AddCircle(centre, r, u32(c.line_strong, 0.8F), 0, thick);
    if (fraction > 0) {
      draw->PathArcTo(centre, r, -kPi / 2, -kPi / 2 + 2 * kPi * static_cast<float>(fraction), 28);
      draw->PathStroke(u32(c.blue), thick);
    }
  }
  ImGui::Dummy({2 * r + 2, height});
}

void lamp(Ui& ui, const Check& check, float width) {
  const Palette& c = ui.colors();
  const bool passed = check.passed();
  const ImVec4 state = passed ? c.green : check.lamp ? c.amber : c.orange;
  const float room = width > 0 ? width : ImGui::GetContentRegionAvail().x;
  const float size = ImGui::GetFontSize();
  const float inset = size * 1.6F;
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddCircleFilled({pos.x + size * 0.55F, pos.y + size * 0.55F}, size * 0.42F, u32(state, 0.22F));
  draw->AddCircleFilled({pos.x + size * 0.55F, pos.y + size * 0.55F}, size * 0.24F, u32(state));
  ImGui::PushID(check.key.c_str());
  ImGui::BeginGroup();
  ImGui::Indent(inset);
  paragraph(ui, check.label, Type::body, room - inset);
  const std::string value = number_text(check.value);
  const float gauge = std::clamp(room * 0.28F, size * 4, size * 9);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  draw_gauge(ui, check, {at.x, at.y}, {gauge, size * 1.2F});
  ImGui::Dummy({gauge, size * 1.2F});
  ImGui::SameLine(0, size * 0.7F);
  push_type(ui, Type::bold);
  text_colored(state, value);
  pop_type();
  ImGui::SameLine(0, size * 0.5F);
  muted(ui, band_text(check));
  const float chip_width = provenance_chip_width(ui, check.provenance);
  if (room - (ImGui::GetItemRectMax().x - pos.x) > chip_width + size) {
    ImGui::SameLine(0, size * 0.7F);
  }
  provenance_chip(ui, check.provenance);
  if (check.lamp) {
    muted(ui, "shown for information; never decides a pass", Type::tiny);
  }
  if (!passed && !check.detail.empty()) {
    ImGui::PushStyleColor(ImGuiCol_Text, state);
    paragraph(ui, check.detail, Type::small, room - inset);
    ImGui::PopStyleColor();
  }
  ImGui::Unindent(inset);
  ImGui::EndGroup();
  if (ImGui::IsItemHovered()) {
    hover_link(ui, check.key);
  }
  ImGui::PopID();
}

void scalar_line(Ui& ui, const Scalar& scalar) {
  const float room = ImGui::GetContentRegionAvail().x;
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  std::string value = format_value(scalar.value, scalar.hint);
  if (!scalar.unit.empty() && scalar.hint != "bytes" && scalar.hint != "seconds") {
    value += " " + scalar.unit;
  }
  push_type(ui, Type::bold);
  const float value_width = ImGui::CalcTextSize(value.c_str()).x;
  pop_type();
  const float chip_width = provenance_chip_width(ui, {Provenance::measured, ""});  // one column for all kinds
  const float label_width = std::max(em(6), room - value_width - chip_width - em(2.2F));
  ImGui::PushStyleColor(ImGuiCol_Text, link_hovered(ui, scalar.key) ? ui.colors().blue : ui.colors().ink);
  paragraph(ui, scalar.label, Type::body, label_width);
  ImGui::PopStyleColor();
  if (ImGui::IsItemHovered()) {
    hover_link(ui, scalar.key);
  }
  const float bottom = ImGui::GetItemRectMax().y;
  ImGui::SetCursorScreenPos({pos.x + room - chip_width - value_width - em(0.9F), pos.y});
  text_as(ui, Type::bold, value);
  ImGui::SameLine(0, em(0.9F));
  provenance_chip(ui, scalar.provenance);
  const float height = std::max(bottom, ImGui::GetItemRectMax().y) - pos.y;
  ImGui::SetCursorScreenPos(pos);
  ImGui::Dummy({room, height});
}

void sparkline(const ImVec4& color, std::span<const double> values, ImVec2 size) {
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  ImGui::Dummy(size);
  double low = INFINITY;
  double high = -INFINITY;
  for (const double v : values) {
    if (std::isfinite(v)) {
      low = std::min(low, v);
      high = std::max(high, v);
    }
  }
  if (!(low <= high)) {
    return;
  }
  const double span = high > low ? high - low : 1;
  const std::size_t stride = std::max<std::size_t>(1, values.size() / 160);
  const float pad = 3;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float step = (size.x - 2 * pad) / static_cast<float>(std::max<std::size_t>(values.size() - 1, 1));
  ImVec2 last(pos.x + pad, pos.y + size.y / 2);
  for (std::size_t i = 0; i < values.size();
       i += (i + stride < values.size() || i + 1 == values.size()) ? stride : values.size() - 1 - i) {
    if (!std::isfinite(values[i])) {
      draw->PathStroke(u32(color), 1.6F);
      continue;
    }
    const float up = high > low ? static_cast<float>((values[i] - low) / span) : 0.5F;
    last = {pos.x + pad + step * static_cast<float>(i), pos.y + size.y - pad - up * (size.y - 2 * pad)};
    draw->PathLineTo(last);
  }
  draw->PathStroke(u32(color), 1.6F);
  draw->AddCircleFilled(last, 2.6F, u32(color));
}

}  // namespace alab::ui
