// Draws a table row by row; long words go on a line of their own.
// SPDX-License-Identifier: MIT
#include "app/panels/table_panel.hpp"

#include <algorithm>
#include <cmath>

#include "app/panels/plot_frame.hpp"
#include "hello_imgui/icons_font_awesome_6.h"
#include "reference/core/error.hpp"

namespace alab::panels {
namespace {

using ui::em;
using ui::u32;
using ui::Ui;

constexpr float kGap = 1.1F, kDot = 0.75F, kWords = 11.0F, kFirst = 9.0F;  // em

void prepare(const Table& table, TableState& state) {
  const std::size_t columns = table.columns.size();
  state.texts.clear();
  state.kinds.clear();
  state.numeric.assign(columns, false);
  state.widths.assign(columns, 0);
  state.prepared = true;
  const auto width = [](const std::string& s) {
    return ImGui::CalcTextSize(s.c_str()).x / ImGui::GetFontSize();
  };
  for (std::size_t c = 0; c < columns; ++c) {
    std::string word;
    for (const char ch : table.columns[c] + " ") {
      if (ch == ' ') {
        state.widths[c] = std::max(state.widths[c], width(word));
        word.clear();
      } else {
        word += ch;
      }
    }
  }
  for (const std::vector<Cell>& row : table.rows) {
    std::vector<std::string>& texts = state.texts.emplace_back();
    for (std::size_t c = 0; c < columns; ++c) {
      const Cell cell = c < row.size() ? row[c] : Cell{};
      texts.push_back(cell.has_number ? format_value(cell.value, cell.hint) : cell.text);
      state.numeric[c] = state.numeric[c] || cell.has_number;
      const float w = width(texts.back()) + (cell.has_number ? kDot : 0.0F);
      state.widths[c] = std::max(state.widths[c], cell.has_number ? w : std::min(w, c == 0 ? 16.0F : kWords));
      if (cell.has_number &&
          std::find(state.kinds.begin(), state.kinds.end(), cell.provenance.kind) == state.kinds.end()) {
        state.kinds.push_back(cell.provenance.kind);
      }
    }
  }
}

struct Layout {
  std::vector<bool> shown;
  std::vector<float> left, width;  ///< pixels from the table's left edge
};

Layout lay_out(const TableState& state, float room) {
  Layout layout;
  const float unit = ImGui::GetFontSize();
  layout.shown = fitting_columns(state.widths, state.numeric, room / unit);
  float used = 0;
  for (std::size_t c = 0; c < state.widths.size(); ++c) {
    used += layout.shown[c] ? (state.widths[c] + kGap) * unit : 0;
  }
  const float slack = std::max(0.0F, room - used);
  const auto columns = static_cast<float>(std::count(layout.shown.begin(), layout.shown.end(), true));
  float x = 0;
  for (std::size_t c = 0; c < state.widths.size(); ++c) {
    layout.left.push_back(x);
    const float extra = c == 0 ? slack * 0.4F : slack * 0.6F / std::max(1.0F, columns - 1);
    float width = state.widths[c] * unit + (columns < 2 ? slack : extra);
    if (c == 0) {
      width = std::min(width, std::max(room - used + state.widths[0] * unit, 4 * unit));
    }
    layout.width.push_back(width);
    x += layout.shown[c] ? width + kGap * unit : 0;
  }
  return layout;
}

float wrapped_height(const std::string& words, float width) {
  return ui::wrapped_text(nullptr, {}, 0, words, std::max(width, em(3))).y;
}

void header_row(const Ui& ui, const Table& table, const TableState& state, const Layout& layout, float room) {
  ui::push_type(ui, ui::Type::tiny);
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  float height = 0;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (layout.shown[c]) {
      height = std::max(height, wrapped_height(table.columns[c], layout.width[c]));
    }
  }
  ImDrawList* draw = ImGui::GetWindowDrawList();
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (!layout.shown[c]) {
      continue;
    }
    const std::string& name = table.columns[c];
    const ImVec2 extent = ImGui::CalcTextSize(name.c_str(), nullptr, false, layout.width[c]);
    const float shift = state.numeric[c] ? std::max(0.0F, layout.width[c] - extent.x - em(kDot)) : 0;
    draw->AddText(ImGui::GetFont(), ImGui::GetFontSize(),
                  {pos.x + layout.left[c] + shift, pos.y + height - extent.y}, u32(ui.colors().muted),
                  name.c_str(), nullptr, layout.width[c] + 1);
  }
  ImGui::Dummy({room, height});
  ui::pop_type();
  const float y = ImGui::GetCursorScreenPos().y - 2;
  draw->AddLine({pos.x, y}, {pos.x + room, y}, u32(ui.colors().line_strong));
}

/// Words that mean a verdict get its colour.
ImVec4 color_of(const Ui& ui, const std::string& words) {
  if (words == "passed" || words == "pass" || words == "ok" || words == "yes") {
    return ui.colors().green;
  }
  if (words == "failed" || words == "fail" || words.rfind("FAILED", 0) == 0) {
    return ui.colors().orange;
  }
  return ui.colors().ink;
}

void number_cell(const Ui& ui, const Cell& cell, const std::string& words, ImVec2 pos, float width) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float dot = em(kDot);
  const float text_width = ImGui::CalcTextSize(words.c_str()).x;
  const ImVec2 at(pos.x + std::max(0.0F, width - dot - text_width), pos.y);
  draw->AddText(at, u32(ui.colors().ink), words.c_str());
  draw->AddCircleFilled({at.x + text_width + dot * 0.62F, pos.y + em(0.52F)}, em(0.17F),
                        u32(ui::provenance_color(ui, cell.provenance.kind)));
  if (ImGui::IsMouseHoveringRect(at, {at.x + text_width + dot, pos.y + em(1.2F)}) &&
      ImGui::IsWindowHovered()) {
    ui::tooltip(ui, text(to_string(cell.provenance.kind), ": ", cell.provenance.source));
  }
}

/// Cells without a place of their own: "00_naive · time 3.2 ms", and long words.
std::string folded_words(const Table& table, const TableState& state, const Layout& layout, std::size_t row) {
  std::string out;
  for (std::size_t c = 1; c < table.columns.size(); ++c) {
    const std::string& words = state.texts[row][c];
    const bool number = c < table.rows[row].size() && table.rows[row][c].has_number;
    const bool long_words = !number && ImGui::CalcTextSize(words.c_str()).x > layout.width[c] + 1;
    if (words.empty() || (layout.shown[c] && !long_words)) {
      continue;
    }
    out += out.empty() ? "" : "   ·   ";
    const bool speaks = !number && words.size() > 3;  // "yes" needs its column's name, "00_naive" does not
    out += speaks ? words : table.columns[c] + " " + words;
  }
  return out;
}

void table_row(const Ui& ui, const Table& table, const TableState& state, const Layout& layout, std::size_t r,
               float room) {
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  const float pad = em(0.28F);
  const std::string& first = state.texts[r][0];
  float height = wrapped_height(first, layout.width[0]);
  ImGui::SetCursorScreenPos({pos.x, pos.y + pad});
  ui::paragraph(ui, first, ui::Type::body, layout.width[0]);
  for (std::size_t c = 1; c < table.columns.size(); ++c) {
    if (!layout.shown[c]) {
      continue;
    }
    const std::string& words = state.texts[r][c];
    const Cell* cell = c < table.rows[r].size() ? &table.rows[r][c] : nullptr;
    const ImVec2 at(pos.x + layout.left[c], pos.y + pad);
    if (cell != nullptr && cell->has_number) {
      number_cell(ui, *cell, words, at, layout.width[c]);
    } else if (const float wide = ImGui::CalcTextSize(words.c_str()).x; wide <= layout.width[c] + 1) {
      const float shift = state.numeric[c] ? std::max(0.0F, layout.width[c] - em(kDot) - wide) : 0;
      ImGui::GetWindowDrawList()->AddText({at.x + shift, at.y}, u32(color_of(ui, words)), words.c_str());
    }
  }
  const std::string folded = folded_words(table, state, layout, r);
  if (!folded.empty()) {
    const float inset = em(0.9F);
    ImGui::SetCursorScreenPos({pos.x + inset, pos.y + pad + height});
    ImGui::PushStyleColor(ImGuiCol_Text, ui.colors().muted);
    ui::paragraph(ui, folded, ui::Type::small, room - inset);
    ImGui::PopStyleColor();
    height = ImGui::GetItemRectMax().y - pos.y - pad;
  }
  const float bottom = pos.y + height + 2 * pad;
  ImGui::GetWindowDrawList()->AddLine({pos.x, bottom}, {pos.x + room, bottom}, u32(ui.colors().line));
  ImGui::SetCursorScreenPos({pos.x, bottom + 1});
  ImGui::Dummy({room, 0});
  ImGui::SetCursorScreenPos({pos.x, bottom + 1});
}

void provenance_key(const Ui& ui, const TableState& state) {
  ui::push_type(ui, ui::Type::tiny);
  bool first = true;
  for (const Provenance::Kind kind : state.kinds) {
    if (!first) {
      ImGui::SameLine(0, em(1));
    }
    first = false;
    const ImVec2 pos = ImGui::GetCursorScreenPos();
    ImGui::GetWindowDrawList()->AddCircleFilled({pos.x + em(0.3F), pos.y + em(0.52F)}, em(0.2F),
                                                u32(ui::provenance_color(ui, kind)));
    ImGui::Dummy({em(0.55F), em(1)});
    ImGui::SameLine(0, em(0.25F));
    ui::text_colored(ui.colors().muted, to_string(kind));
  }
  ui::pop_type();
}

}  // namespace

std::vector<bool> fitting_columns(const std::vector<float>& widths, const std::vector<bool>& numeric,
                                  float room) {
  std::vector<bool> shown(widths.size(), true);
  const auto used = [&] {
    float sum = 0;
    for (std::size_t c = 0; c < widths.size(); ++c) {
      sum += shown[c] ? (c == 0 ? std::min(widths[0], kFirst) : widths[c]) + kGap : 0;
    }
    return sum - kGap;
  };
  while (used() > room && std::count(shown.begin(), shown.end(), true) > 1) {
    std::size_t victim = 0;
    const auto goes_first = [&](std::size_t a, std::size_t b) {  // wide words, then numbers from the right
      return numeric[a] != numeric[b] ? numeric[b] : numeric[a] || widths[a] > widths[b];
    };
    for (std::size_t c = 1; c < widths.size(); ++c) {
      if (shown[c] && (victim == 0 || goes_first(c, victim))) {
        victim = c;
      }
    }
    if (victim == 0) {
      break;
    }
    shown[victim] = false;
  }
  return shown;
}

void table_panel(Ui& ui, const Table& table, std::uint64_t version, TableState& state, ImVec2 size,
                 bool dimmed) {
  if (!state.prepared || state.version != version) {
    prepare(table, state);
    state.version = version;
  }
  ImGui::PushID(text("table:", table.key).c_str());
  const float room = (size.x > 0 ? size.x : ImGui::GetContentRegionAvail().x);
  const float alpha = ImGui::GetStyle().Alpha;
  ImGui::PushStyleVar(ImGuiStyleVar_Alpha, dimmed ? alpha * 0.5F : alpha);
  ImGui::BeginChild("rows", {room, size.y},
                    ImGuiChildFlags_NavFlattened | (size.y > 0 ? 0 : ImGuiChildFlags_AutoResizeY));
  const float width = ImGui::GetContentRegionAvail().x;
  plot_header(ui,
              {.title = table.title, .provenance = {}, .what = "the table", .key = table.key, .reset = false},
              width, [&] { return table_as_text(table); });
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, {ImGui::GetStyle().ItemSpacing.x, em(0.2F)});
  const Layout layout = lay_out(state, width);
  header_row(ui, table, state, layout, width);
  for (std::size_t r = 0; r < table.rows.size() && !table.columns.empty(); ++r) {
    table_row(ui, table, state, layout, r, width);
  }
  if (table.rows.empty()) {
    ui::muted(ui, "No rows: nothing could be run with these parameters.");
  }
  ui::vspace(0.2F);
  provenance_key(ui, state);
  if (!table.note.empty()) {
    plot_note(ui, table.note, width);
  }
  ImGui::PopStyleVar();
  ImGui::EndChild();
  ImGui::PopStyleVar();
  ImGui::PopID();
}

std::string table_as_text(const Table& table) {
  std::ostringstream out;
  out.imbue(std::locale::classic());  // a formula renderer may have set another one
  out.precision(9);
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    out << (c > 0 ? "\t" : "") << table.columns[c];
  }
  out << '\n';
  for (const std::vector<Cell>& row : table.rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      out << (c > 0 ? "\t" : "");
      if (row[c].has_number) {
        out << row[c].value;
      } else {
        out << row[c].text;
      }
    }
    out << '\n';
  }
  return out.str();
}

}  // namespace alab::panels
