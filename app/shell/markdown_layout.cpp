// Lines and pages: words and formulas are set greedily into lines of even height.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <utility>

#include "app/shell/markdown_atoms.hpp"

namespace alab::shell::md {
namespace {

constexpr float kLineHeight = 1.45F, kBlockGap = 0.62F, kDisplayGap = 0.45F;

/// Lays out one document. Sizes in pixels.
class Setter {
 public:
  Setter(const ui::Ui& ui, const Document& document, float width, float base, bool mark_terms)
      : ui_(ui), document_(document), width_(width), atoms_(ui, page_, mark_terms) {
    page_.width = width;
    page_.links = document.links;
    const ImGuiStyle& style = ImGui::GetStyle();
    em_ = base * style.FontScaleMain * style.FontScaleDpi;
  }

  Page run() {
    const Block* previous = nullptr;
    for (const Block& block : document_.blocks) {
      gap_before(block, previous);
      set_block(block);
      previous = &block;
    }
    page_.height = std::ceil(y_);
    return std::move(page_);
  }

 private:
  void gap_before(const Block& block, const Block* previous) {
    if (previous == nullptr) {
      return;
    }
    const bool tight = block.indent > 0 && previous->indent > 0 && !block.marker.empty();
    float gap = tight ? 0.28F : kBlockGap;
    if (block.kind == BlockKind::heading) {
      gap = 1.1F;
    } else if (previous->kind == BlockKind::heading) {
      gap = 0.4F;
    }
    y_ += gap * em_;
  }

  void set_block(const Block& block) {
    const float left =
        static_cast<float>(block.indent) * 1.5F * em_ + static_cast<float>(block.quote) * 1.1F * em_;
    const float top = y_;
    switch (block.kind) {
      case BlockKind::rule:
        add_rule(left, y_ + 0.5F * em_, width_ - left, ui_.colors().line, 1);
        y_ += em_;
        break;
      case BlockKind::code:
        set_code(block, left);
        break;
      case BlockKind::table:
        set_table(block, left);
        break;
      case BlockKind::heading:
        set_heading(block, left);
        break;
      case BlockKind::paragraph:
        if (!block.marker.empty()) {
          add_marker(block.marker, left);
        }
        set_lines(atoms_.atoms_of(block.spans, em_, false), left, width_ - left, em_);
        break;
    }
    if (block.quote > 0) {
      Placed bar;
      bar.kind = Placed::bar;
      bar.x = left - 0.75F * em_;
      bar.y = top;
      bar.w = 3;
      bar.h = y_ - top;
      bar.color = ui_.colors().line_strong;
      page_.items.push_back(bar);
    }
  }

  void set_heading(const Block& block, float left) {
    static constexpr float kSizes[] = {1.5F, 1.26F, 1.1F, 1.0F};
    const float size = em_ * kSizes[std::clamp(block.level - 1, 0, 3)];
    set_lines(atoms_.atoms_of(block.spans, size, true), left, width_ - left, size);
  }

  void add_marker(const std::string& marker, float left) {
    const Face f = atoms_.face({}, em_, false);
    Placed item;
    item.words = marker;
    item.font = f.font;
    item.size = f.size;
    item.w = measure(f, marker);
    item.x = left - item.w - 0.45F * em_;
    item.y = y_ + std::round((kLineHeight * em_ - f.size) / 2);
    item.h = f.size;
    item.color = ui_.colors().muted;
    page_.items.push_back(std::move(item));
  }

  void add_rule(float x, float y, float w, const ImVec4& color, float thickness) {
    Placed rule;
    rule.kind = Placed::rule;
    rule.x = x;
    rule.y = std::round(y);
    rule.w = w;
    rule.h = thickness;
    rule.color = color;
    page_.items.push_back(rule);
  }

  void set_lines(std::vector<Atom> atoms, float left, float width, float size) {
    std::vector<Atom> line;
    float used = 0;
    const auto flush = [&] {
      if (!line.empty()) {
        place_line(line, left, size);
      }
      line.clear();
      used = 0;
    };
    for (std::size_t i = 0; i < atoms.size();) {
      if (atoms[i].breaks_line || atoms[i].display) {
        flush();
        if (atoms[i].display) {
          place_display(atoms[i], left, width);
        }
        ++i;
        continue;
      }
      std::size_t end = i + 1;
      float cluster = atoms[i].item.w;
      while (end < atoms.size() && atoms[end].space_before == 0 && !atoms[end].display &&
             !atoms[end].breaks_line) {
        cluster += atoms[end++].item.w;
      }
      if (cluster > width && end == i + 1 && atoms[i].item.kind == Placed::text &&
          split_atom(atoms, i, width)) {
        continue;
      }
      const float space = line.empty() ? 0 : atoms[i].space_before;
      if (!line.empty() && used + space + cluster > width) {
        flush();
      }
      used += (line.empty() ? 0 : space) + cluster;
      line.insert(line.end(), std::make_move_iterator(atoms.begin() + static_cast<std::ptrdiff_t>(i)),
                  std::make_move_iterator(atoms.begin() + static_cast<std::ptrdiff_t>(end)));
      i = end;
    }
    flush();
  }

  void place_line(std::vector<Atom>& line, float left, float size) {
    const float leading = (kLineHeight - 1) * size / 2;
    float ascent = 0;
    float descent = 0;
    for (const Atom& atom : line) {
      const bool image = atom.item.kind == Placed::image;
      ascent = std::max(ascent, atom.ascent + (image ? 1 : leading));
      descent = std::max(descent, atom.descent + (image ? 1 : leading));
    }
    float x = left;
    const float baseline = std::round(y_ + ascent);
    for (std::size_t i = 0; i < line.size(); ++i) {
      Placed item = std::move(line[i].item);
      x += i == 0 ? 0 : line[i].space_before;
      item.x = std::round(x);
      item.y = std::round(baseline - line[i].ascent);
      item.h = item.kind == Placed::image ? item.h : item.size;
      if (item.font == ui_.theme.fonts.code && item.kind == Placed::text) {
        add_ground(item.x - 2, item.y - 1, item.w + 4, item.h + 2);
      }
      x += item.w;
      page_.items.push_back(std::move(item));
    }
    y_ += std::max(ascent + descent, kLineHeight * size);
  }

  void place_display(Atom& atom, float left, float width) {
    y_ += kDisplayGap * em_;
    Placed item = std::move(atom.item);
    item.x = std::round(left + std::max(0.0F, (width - item.w) / 2));
    item.y = std::round(y_);
    y_ += item.h + kDisplayGap * em_;
    page_.items.push_back(std::move(item));
  }

  void add_ground(float x, float y, float w, float h) {
    Placed ground;
    ground.kind = Placed::ground;
    ground.x = x;
    ground.y = y;
    ground.w = w;
    ground.h = h;
    ground.color = ui_.colors().tint_grey;
    page_.items.push_back(ground);
  }

  void set_code(const Block& block, float left) {
    const float pad = 0.6F * em_;
    const Face f = atoms_.face(block.spans.front(), em_, false);
    std::string_view code = block.spans.front().text;
    while (!code.empty() && code.back() == '\n') {
      code.remove_suffix(1);
    }
    const std::size_t ground = page_.items.size();
    add_ground(left, y_, width_ - left, 0);
    const float top = y_;
    y_ += pad;
    const float room = width_ - left - 2 * pad;
    while (!code.empty()) {
      const auto cut = code.find('\n');
      std::string_view line = code.substr(0, cut);
      code = cut == std::string_view::npos ? std::string_view{} : code.substr(cut + 1);
      do {
        std::size_t fits = line.size();
        while (fits > 1 && measure(f, line.substr(0, fits)) > room) {
          --fits;
        }
        Placed item;
        item.words = std::string(line.substr(0, fits));
        item.font = f.font;
        item.size = f.size;
        item.color = ui_.colors().ink;
        item.x = left + pad;
        item.y = std::round(y_);
        item.w = measure(f, item.words);
        item.h = f.size;
        page_.items.push_back(std::move(item));
        y_ += std::round(1.3F * f.size);
        line.remove_prefix(fits);
      } while (!line.empty());
    }
    y_ += pad;
    page_.items[ground].h = y_ - top;
  }

  std::vector<float> column_widths(const Block& block, float room, float pad) {
    std::vector<float> widths;
    for (const auto& row : block.rows) {
      widths.resize(std::max(widths.size(), row.size()), 0);
      for (std::size_t c = 0; c < row.size(); ++c) {
        float natural = 0;
        for (const Atom& atom : atoms_.atoms_of(row[c], em_, false, false)) {
          natural += atom.item.w + atom.space_before;
        }
        widths[c] = std::max(widths[c], natural + 1);
      }
    }
    float total = 0;
    for (const float w : widths) {
      total += w;
    }
    const float have = room - pad * static_cast<float>(widths.empty() ? 0 : widths.size() - 1);
    if (total > have) {
      // Narrow columns keep their width; the wide ones share what is left.
      float fixed = 0;
      float wide = 0;
      const float fair = have / static_cast<float>(widths.size());
      for (const float w : widths) {
        (w <= fair ? fixed : wide) += w;
      }
      for (float& w : widths) {
        w = w <= fair ? w : w * (have - fixed) / wide;
      }
    }
    return widths;
  }

  void set_table(const Block& block, float left) {
    const float pad = 1.1F * em_;
    const std::vector<float> widths = column_widths(block, width_ - left, pad);
    float total = pad * static_cast<float>(widths.empty() ? 0 : widths.size() - 1);
    for (const float w : widths) {
      total += w;
    }
    add_rule(left, y_, total, ui_.colors().line_strong, 1.5F);
    y_ += 0.15F * em_;
    for (std::size_t r = 0; r < block.rows.size(); ++r) {
      const float top = y_;
      float bottom = top;
      float x = left;
      for (std::size_t c = 0; c < block.rows[r].size(); ++c) {
        y_ = top;
        set_lines(atoms_.atoms_of(block.rows[r][c], em_, false), x, widths[c], em_);
        bottom = std::max(bottom, y_);
        x += widths[c] + pad;
      }
      y_ = bottom + 0.15F * em_;
      add_rule(left, y_, total,
               r == 0 || r + 1 == block.rows.size() ? ui_.colors().line_strong : ui_.colors().line, 1);
      y_ += 0.15F * em_;
    }
  }

  const ui::Ui& ui_;
  const Document& document_;
  float width_, em_ = 0, y_ = 0;
  Page page_;
  AtomMaker atoms_;
};

}  // namespace

Page layout(const ui::Ui& ui, const Document& document, float width, float base, bool mark_terms) {
  return Setter(ui, document, width, base, mark_terms).run();
}

}  // namespace alab::shell::md
