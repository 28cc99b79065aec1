// Words and formulas before they stand in lines: measured pieces, and where the glossary's words are.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/shell/markdown.hpp"

namespace alab::shell::md {

/// A piece that is not broken: a word, a formula, or the end of a line. Sizes in pixels.
struct Atom {
  Placed item;
  float ascent = 0, descent = 0, space_before = 0;
  bool breaks_line = false, display = false;
};

/// A font at a size.
struct Face {
  ImFont* font = nullptr;
  float size = 0, ascent = 0, descent = 0, space = 0;
};

float measure(const Face& face, std::string_view words);

/// Makes atoms of spans for one page; formulas' textures are kept in the page.
class AtomMaker {
 public:
  AtomMaker(const ui::Ui& ui, Page& page, bool mark_terms) : ui_(ui), page_(page), mark_terms_(mark_terms) {}
  Face face(const Span& span, float size, bool bold) const;
  /// size: of body text in pixels. Glossary words are marked where the page mentions them first.
  std::vector<Atom> atoms_of(const std::vector<Span>& spans, float size, bool bold, bool mark = true);

 private:
  Atom text_atom(const Span& span, const Face& f, std::string words) const;
  void add_formula(std::vector<Atom>& atoms, const Span& span, float size, float space);
  float add_words(std::vector<Atom>& atoms, const Span& span, float size, bool bold, float space) const;
  void mark_terms(std::vector<Atom>& atoms);

  const ui::Ui& ui_;
  Page& page_;
  bool mark_terms_;
  std::vector<std::size_t> marked_;
};

/// Cuts an atom that is wider than width in two; false when it cannot be cut.
bool split_atom(std::vector<Atom>& atoms, std::size_t i, float width);

}  // namespace alab::shell::md
