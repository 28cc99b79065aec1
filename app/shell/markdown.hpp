// Markdown with formulas, as the lesson and Help show it: parsed once, laid out once per width, drawn as a
// page of text with even lines, formulas on the baseline and tables ruled like a book's.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "app/ui/widgets.hpp"

namespace alab::shell {

namespace md {

enum class SpanKind { text, code, math, display_math, line_break };
struct Span {
  SpanKind kind = SpanKind::text;
  std::string text;
  bool bold = false, italic = false, strike = false;
  int link = -1;  ///< index into Document::links
};

enum class BlockKind { paragraph, heading, code, rule, table };
struct Block {
  BlockKind kind = BlockKind::paragraph;
  int level = 0;                                     ///< heading: 1 .. 6
  int indent = 0, quote = 0;                         ///< depth of lists and of quotes around it
  std::string marker;                                ///< "1." or a bullet for the first block of a list item
  std::vector<Span> spans;                           ///< code: one span
  std::vector<std::vector<std::vector<Span>>> rows;  ///< table: the first row is its head
};

struct Document {
  std::vector<Block> blocks;
  std::vector<std::string> links;
};

/// Never throws on any text; what is no Markdown is text.
Document parse(std::string_view markdown);

/// One thing at a place, relative to the page's corner; made by layout, drawn by draw.
struct Placed {
  enum Kind { text, image, ground, rule, bar } kind = text;
  float x = 0, y = 0, w = 0, h = 0;
  std::string words;
  ImFont* font = nullptr;
  float size = 0;
  ImVec4 color;
  ImTextureID texture{};
  int link = -1, term = -1;
  float term_width = 0;  ///< of the word without the punctuation after it
  std::string key;       ///< linked parameter: lights up with its slider and line
};

struct Page {
  std::vector<Placed> items;
  std::vector<std::string> links;
  std::vector<std::shared_ptr<void>> textures;  ///< keeps formulas alive
  std::vector<std::string> alternatives;        ///< formulas that could not be drawn, by source
  float width = 0, height = 0;
};

/// base: size of body text before scaling.
Page layout(const ui::Ui& ui, const Document& document, float width, float base, bool mark_terms);

}  // namespace md

/// Draws Markdown at the cursor, wrapped at width (0: what is available); keeps layouts of what was drawn
/// lately.
class MarkdownView {
 public:
  /// Called with the target of a clicked link.
  std::function<void(const std::string&)> open_link;

  void draw(ui::Ui& ui, const char* str_id, std::string_view markdown, float width = 0,
            float base = ui::kBodySize, bool mark_terms = true);
  /// Formulas that could not be drawn since the start, shown as source instead.
  int failed_formulas() const { return failed_; }
  void clear() { pages_.clear(); }

 private:
  struct Entry {
    md::Page page;
    int last_frame = 0;
  };
  void drop_old();
  std::map<std::string, Entry> pages_;
  int failed_ = 0;
};

struct Formula {
  ImTextureID texture{};
  std::shared_ptr<void> owner;
  float width = 0, height = 0, baseline = 0;
  bool ok() const { return owner != nullptr; }
};
/// A formula as a texture; not ok() when fonts are missing or the source is no formula. Never throws.
Formula draw_formula(const std::string& latex, float pixels, ImU32 color, bool display);
/// Frees the textures of formulas, while the GL context lives.
void release_formulas();
/// Where the formula fonts are; call once before the first frame.
void set_formula_assets(const std::string& assets_dir);

}  // namespace alab::shell
