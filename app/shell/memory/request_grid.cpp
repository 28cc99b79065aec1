// One request drawn: 32 lanes along the top, and the words that they touch in rows of 128 bytes.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>
#include <cmath>

#include "app/shell/memory/parts.hpp"
#include "app/ui/color_maps.hpp"

namespace alab::shell {
namespace {

using ui::em;

constexpr float kSectorGap = 4, kSmallestText = 8;

struct Place {
  ImVec2 origin;
  float label, cell, row;
  bool sectors;
  float x(unsigned word) const {
    return origin.x + label + cell * static_cast<float>(word) +
           (sectors ? kSectorGap * static_cast<float>(word / kWordsPerSector) : 0);
  }
};

Place measure(ImVec2 origin, float width, bool sectors) {
  Place p{origin, em(4.2F), 0, 0, sectors};
  const float gaps = sectors ? 3 * kSectorGap : 0;
  p.cell = std::max(6.0F, (width - p.label - gaps) / kWordsPerRow);
  p.row = std::clamp(p.cell, em(0.95F), em(1.25F));
  return p;
}

ImVec4 lane_color(unsigned lane) {
  return ui::cividis(static_cast<float>(lane) / 31);
}

ImU32 ink_on(const ImVec4& ground) {
  const float light = 0.3F * ground.x + 0.59F * ground.y + 0.11F * ground.z;
  return light > 0.5F ? IM_COL32(20, 22, 25, 255) : IM_COL32(250, 250, 248, 255);
}

void centred(ImDrawList& draw, ImVec2 low, ImVec2 high, ImU32 color, const std::string& words) {
  float size = std::min(ImGui::GetFontSize(), (high.y - low.y) * 0.86F);
  ImFont* font = ImGui::GetFont();
  const float room = high.x - low.x, natural = font->CalcTextSizeA(size, 1e6F, 0, words.c_str()).x;
  size *= std::min(1.0F, room / natural);
  const ImVec2 extent = font->CalcTextSizeA(size, 1e6F, 0, words.c_str());
  if (size >= kSmallestText) {
    draw.AddText(font, size, {(low.x + high.x - extent.x) / 2, (low.y + high.y - extent.y) / 2}, color,
                 words.c_str());
  }
}

std::string offset_text(std::int64_t bytes) {
  return text(bytes < 0 ? "" : "+", bytes);
}

class Grid {
 public:
  Grid(const ui::Ui& ui, const RequestPicture& picture, const GridLook& look, ImVec2 size)
      : ui_(ui),
        picture_(picture),
        look_(look),
        rows_(all_rows()),
        place_(measure(ImGui::GetCursorScreenPos(), size.x - ImGui::GetStyle().ScrollbarSize,
                       !picture.shared())),
        draw_(ImGui::GetWindowDrawList()) {}

  GridEvents run(float height) {
    lanes();
    if (picture_.shared()) {
      banks();
    }
    const float needed = static_cast<float>(rows_.size()) * (place_.row + 2) + 4;
    const float room =
        height > 0 ? std::max(place_.row * 3, height - (ImGui::GetCursorScreenPos().y - place_.origin.y))
                   : needed;
    ImGui::BeginChild("words_child", {0, std::min(needed, room)}, ImGuiChildFlags_NavFlattened);
    draw_ = ImGui::GetWindowDrawList();
    place_.origin = ImGui::GetCursorScreenPos();
    words(needed);
    ImGui::EndChild();
    return events_;
  }

 private:
  std::vector<PictureRow> all_rows() const {
    std::vector<PictureRow> rows = picture_.rows;
    for (const std::int64_t first : look_.rows) {
      if (std::ranges::none_of(rows, [&](const PictureRow& r) { return r.first == first; })) {
        rows.push_back({first, {}});
      }
    }
    std::ranges::sort(rows, {}, &PictureRow::first);
    return rows;
  }
  bool active(unsigned lane) const { return (picture_.shape.mask >> lane & 1u) != 0; }

  void label(float y, const std::string& words) {
    const float width = ImGui::CalcTextSize(words.c_str()).x;
    draw_->AddText({place_.origin.x + place_.label - width - em(0.45F), y}, ui::u32(ui_.colors().muted),
                   words.c_str());
  }

  void lanes() {
    const float height = place_.row + 4;
    const float y = place_.origin.y;
    label(y + (height - ImGui::GetFontSize()) / 2, "lanes");
    ImGui::SetCursorScreenPos({place_.origin.x + place_.label, y});
    const bool pressed = ImGui::InvisibleButton(
        "lanes", {place_.x(31) + place_.cell - place_.origin.x - place_.label, height});
    const int under = ImGui::IsItemHovered() ? word_at(ImGui::GetIO().MousePos.x) : -1;
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      const ImVec2 low{place_.x(lane) + 0.5F, y}, high{place_.x(lane) + place_.cell - 0.5F, y + height};
      if (active(lane)) {
        draw_->AddRectFilled(low, high, ui::u32(lane_color(lane)), 2);
        centred(*draw_, low, high, ink_on(lane_color(lane)), std::to_string(lane));
      } else {
        draw_->AddRect(low, high, ui::u32(ui_.colors().line_strong), 2);
      }
      if (static_cast<int>(lane) == look_.chosen_lane || static_cast<int>(lane) == under) {
        draw_->AddRect({low.x - 1, low.y - 1}, {high.x + 1, high.y + 1}, ui::u32(ui_.colors().orange), 2.0F,
                       2.0F);
      }
    }
    if (under >= 0) {
      lit_ = 1u << under;
      const auto lane = static_cast<std::size_t>(under);
      ui::tooltip(
          ui_, active(static_cast<unsigned>(under))
                   ? text("lane ", under, ": bytes ", offset_text(picture_.shape.offsets[lane]), " to ",
                          offset_text(picture_.shape.offsets[lane] + picture_.shape.bytes - 1), in_buffer())
                   : text("lane ", under, " is not active"));
      events_.lane = pressed ? under : -1;
    }
    ImGui::SetCursorScreenPos({place_.origin.x, y + height + em(0.35F)});
  }

  // Which banks serve one word after the other.
  void banks() {
    const float y = ImGui::GetCursorScreenPos().y;
    label(y, "banks");
    std::array<unsigned, kWordsPerRow> most{};
    for (const BankMeeting& m : picture_.meetings) {
      most[m.bank] = std::max(most[m.bank], m.words);
    }
    for (unsigned bank = 0; bank < kWordsPerRow; ++bank) {
      const ImVec2 low{place_.x(bank), y}, high{place_.x(bank) + place_.cell, y + place_.row};
      if (most[bank] > 1) {
        draw_->AddRectFilled(low, high, ui::u32(ui_.colors().tint_orange), 2);
      }
      centred(*draw_, low, high, ui::u32(most[bank] > 1 ? ui_.colors().orange : ui_.colors().muted),
              std::to_string(bank));
      crowded_ |= std::uint32_t{most[bank] > 1} << bank;
    }
    ImGui::SetCursorScreenPos({place_.origin.x, y + place_.row + 2});
  }

  int word_at(float x) const {
    for (unsigned word = 0; word < kWordsPerRow; ++word) {
      if (x >= place_.x(word) && x < place_.x(word) + place_.cell) {
        return static_cast<int>(word);
      }
    }
    return -1;
  }

  void words(float height) {
    const float step = place_.row + 2;
    const bool pressed =
        ImGui::InvisibleButton("words", {place_.x(31) + place_.cell - place_.origin.x, height});
    const ImVec2 mouse = ImGui::GetIO().MousePos;
    const int under = ImGui::IsItemHovered() ? word_at(mouse.x) : -1;
    const auto row_under = static_cast<std::size_t>(std::max(0.0F, (mouse.y - place_.origin.y) / step));
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const float y = place_.origin.y + step * static_cast<float>(i);
      if (ImGui::IsRectVisible({place_.origin.x, y}, {place_.x(31), y + step})) {
        row(rows_[i], y);
      }
    }
    if (under < 0 || row_under >= rows_.size()) {
      return;
    }
    const std::int64_t offset = rows_[row_under].first + 4 * under;
    ui::tooltip(ui_, word_in_words(rows_[row_under], static_cast<unsigned>(under)));
    if (pressed && look_.clickable) {
      events_.word_clicked = true;
      events_.offset = offset;
    }
  }

  bool moved(const PictureRow& row, unsigned word) const {
    const unsigned first = word / kWordsPerSector * kWordsPerSector;
    std::uint32_t lanes = 0;
    for (unsigned w = first; w < first + kWordsPerSector; ++w) {
      lanes |= row.lanes[w];
    }
    return !picture_.shared() && lanes != 0;
  }

  void row(const PictureRow& row, float y) {
    const ui::Palette& c = ui_.colors();
    label(y + (place_.row - ImGui::GetFontSize()) / 2, offset_text(row.first));
    for (unsigned word = 0; word < kWordsPerRow; ++word) {
      const ImVec2 low{place_.x(word) + 0.5F, y}, high{place_.x(word) + place_.cell - 0.5F, y + place_.row};
      const std::uint32_t lanes = row.lanes[word];
      if (lanes == 0) {
        draw_->AddRectFilled(
            low, high,
            ui::u32(moved(row, word) ? ui::mix(c.raised, c.amber, 0.28F) : ui::mix(c.panel, c.raised, 0.7F)),
            1);
        continue;
      }
      const auto lane = static_cast<unsigned>(std::countr_zero(lanes));
      const ImVec4 ground = lane_color(lane);
      draw_->AddRectFilled(low, high, ui::u32(ground), 1);
      const int count = std::popcount(lanes);
      centred(*draw_, low, high, ink_on(ground), count > 1 ? text("\u00d7", count) : std::to_string(lane));
      if ((crowded_ >> word & 1u) != 0) {
        draw_->AddRect(low, high, ui::u32(c.orange), 1.0F, 1.5F);
      }
      const bool chosen = look_.chosen_lane >= 0 && (lanes >> look_.chosen_lane & 1) != 0;
      if ((lanes & lit_) != 0 || chosen) {
        draw_->AddRect({low.x - 1, low.y - 1}, {high.x + 1, high.y + 1}, ui::u32(c.ink), 1.0F, 2.0F);
      }
    }
  }

  std::string in_buffer() const { return look_.buffer.empty() ? std::string() : text(" of ", look_.buffer); }

  std::string word_in_words(const PictureRow& row, unsigned word) const {
    const std::int64_t offset = row.first + 4 * word;
    const std::string place = text("bytes ", offset_text(offset), " to ", offset_text(offset + 3),
                                   in_buffer(), picture_.shared() ? text(", bank ", word) : std::string());
    const std::uint32_t lanes = row.lanes[word];
    if (lanes != 0) {
      return text(place, ": ", lanes_in_words(lanes));
    }
    return moved(row, word) ? text(place, ": moved with its sector, asked for by no lane")
                            : text(place, ": not touched");
  }

  const ui::Ui& ui_;
  const RequestPicture& picture_;
  const GridLook& look_;
  std::vector<PictureRow> rows_;
  Place place_;
  ImDrawList* draw_;
  std::uint32_t lit_ = 0, crowded_ = 0;
  GridEvents events_;
};

}  // namespace

GridEvents draw_request_grid(const ui::Ui& ui, const RequestPicture& picture, const GridLook& look,
                             ImVec2 size) {
  ui::push_type(ui, ui::Type::tiny);
  const float width = size.x > 0 ? size.x : ImGui::GetContentRegionAvail().x;
  const GridEvents events = Grid(ui, picture, look, {width, size.y}).run(size.y);
  ui::pop_type();
  return events;
}

}  // namespace alab::shell
