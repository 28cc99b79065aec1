// Draws laid out pages: only what is in view, with links, glossary words and linked parameters alive.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "app/shell/markdown.hpp"
#include "reference/core/error.hpp"

namespace alab::shell {
namespace {

constexpr int kKeepFrames = 600;

void draw_item(const ui::Ui& ui, ImDrawList& list, const md::Placed& item, ImVec2 at) {
  const ImVec2 end{at.x + item.w, at.y + item.h};
  switch (item.kind) {
    case md::Placed::ground:
      list.AddRectFilled(at, end, ui::u32(item.color), 4);
      break;
    case md::Placed::rule:
    case md::Placed::bar:
      list.AddRectFilled(at, end, ui::u32(item.color));
      break;
    case md::Placed::image:
      list.AddImage(item.texture, at, end);
      break;
    case md::Placed::text: {
      const ImVec4 color = item.key.empty() ? item.color : ui::link_color(ui, item.key, item.color);
      if (!item.key.empty() && ui::link_hovered(ui, item.key)) {
        list.AddRectFilled({at.x - 2, at.y - 1}, {end.x + 2, end.y + 1}, ui::u32(color, 0.18F), 4);
      }
      list.AddText(item.font, item.size, at, ui::u32(color), item.words.c_str());
      break;
    }
  }
}

void dotted_line(ImDrawList& list, ImVec2 from, float width, ImU32 color) {
  for (float x = 0; x < width; x += 4) {
    list.AddRectFilled({from.x + x, from.y}, {from.x + std::min(x + 2, width), from.y + 1}, color);
  }
}

void term_popover(const ui::Ui& ui, const ui::GlossaryEntry& entry) {
  if (ImGui::BeginTooltip()) {
    ImGui::PushTextWrapPos(ui::em(22));
    ui::text_as(ui, ui::Type::bold, entry.symbol.empty() ? entry.word : entry.word + "   " + entry.symbol);
    ui::paragraph(ui, entry.meaning, ui::Type::small, ui::em(22));
    ImGui::PopTextWrapPos();
    ImGui::EndTooltip();
  }
}

}  // namespace

void MarkdownView::drop_old() {
  const int now = ImGui::GetFrameCount();
  std::erase_if(pages_, [&](const auto& item) { return now - item.second.last_frame > kKeepFrames; });
}

void MarkdownView::draw(ui::Ui& ui, const char* str_id, std::string_view markdown, float width, float base,
                        bool mark_terms) {
  width = std::floor(width > 0 ? width : ImGui::GetContentRegionAvail().x);
  const ImGuiStyle& style = ImGui::GetStyle();
  std::string key = text(static_cast<int>(width), '|', base * style.FontScaleMain * style.FontScaleDpi, '|',
                         static_cast<int>(ui.theme.kind), '|', ui.glossary.size(), '|',
                         ui.links.colors.size(), mark_terms ? '+' : '-');
  key.append(markdown);
  const auto [entry, fresh] = pages_.try_emplace(std::move(key));
  if (fresh) {
    entry->second.page = md::layout(ui, md::parse(markdown), width, base, mark_terms);
    failed_ += static_cast<int>(entry->second.page.alternatives.size());
  }
  entry->second.last_frame = ImGui::GetFrameCount();
  const md::Page& page = entry->second.page;
  ImGui::PushID(str_id);
  const ImVec2 raw = ImGui::GetCursorScreenPos();
  const ImVec2 origin{std::floor(raw.x), std::floor(raw.y)};
  ImDrawList& list = *ImGui::GetWindowDrawList();
  const ImVec2 clip_low = list.GetClipRectMin();
  const ImVec2 clip_high = list.GetClipRectMax();
  std::string clicked;
  int hovered_link = -1;
  for (std::size_t i = 0; i < page.items.size(); ++i) {
    const md::Placed& item = page.items[i];
    const ImVec2 at{origin.x + item.x, origin.y + item.y};
    if (at.y > clip_high.y || at.y + item.h < clip_low.y) {
      continue;
    }
    draw_item(ui, list, item, at);
    const bool over =
        ImGui::IsWindowHovered() && ImGui::IsMouseHoveringRect(at, {at.x + item.w, at.y + item.h});
    if (item.link >= 0) {
      ImGui::SetCursorScreenPos(at);
      ImGui::PushID(static_cast<int>(i));
      if (ImGui::InvisibleButton("link", {std::max(item.w, 1.0F), std::max(item.h, 1.0F)})) {
        clicked = page.links[static_cast<std::size_t>(item.link)];
      }
      ImGui::PopID();
      hovered_link = ImGui::IsItemHovered() || ImGui::IsItemFocused() ? item.link : hovered_link;
    }
    if (item.term >= 0) {
      dotted_line(list, {at.x, at.y + item.h + 1}, item.term_width,
                  ui::u32(ui.colors().muted, over ? 1.0F : 0.6F));
      if (over && static_cast<std::size_t>(item.term) < ui.glossary.size()) {
        term_popover(ui, ui.glossary[static_cast<std::size_t>(item.term)]);
      }
    }
    if (over && !item.key.empty()) {
      ui::hover_link(ui, item.key);
    }
  }
  for (const md::Placed& item : page.items) {
    if (item.link >= 0 && item.link == hovered_link) {
      const ImVec2 at{origin.x + item.x, origin.y + item.y + item.h};
      list.AddRectFilled(at, {at.x + item.w, at.y + 1}, ui::u32(ui.colors().blue));
      ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
    }
  }
  ImGui::SetCursorScreenPos(raw);
  ImGui::Dummy({width, page.height});
  ImGui::PopID();
  if (!clicked.empty() && open_link) {
    open_link(clicked);
  }
  if (fresh) {
    drop_old();
  }
}

}  // namespace alab::shell
