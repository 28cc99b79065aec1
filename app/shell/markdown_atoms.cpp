// SPDX-License-Identifier: MIT
#include "app/shell/markdown_atoms.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <utility>

namespace alab::shell::md {
namespace {

constexpr float kCodeShrink = 0.94F;
constexpr std::string_view kPunctuation = ".,;:)?!";

/// Number of atoms from i on that spell word (punctuation after the last is allowed), or 0.
std::size_t term_length(const std::vector<Atom>& atoms, std::size_t i, std::string_view word) {
  std::size_t count = 0;
  while (!word.empty()) {
    const auto cut = word.find(' ');
    const std::string_view part = word.substr(0, cut);
    if (i + count >= atoms.size()) {
      return 0;
    }
    const Placed& item = atoms[i + count].item;
    const bool last = cut == std::string_view::npos;
    std::string_view have = item.words;
    while (last && !have.empty() && kPunctuation.find(have.back()) != std::string_view::npos) {
      have.remove_suffix(1);
    }
    const bool same = item.kind == Placed::text && item.link < 0 && have.size() == part.size() &&
                      std::ranges::equal(have, part, [](unsigned char a, unsigned char b) {
                        return std::tolower(a) == std::tolower(b);
                      });
    if (!same) {
      return 0;
    }
    ++count;
    word = last ? std::string_view{} : word.substr(cut + 1);
  }
  return count;
}

float word_width(const Atom& atom) {
  const auto last = atom.item.words.find_last_not_of(kPunctuation);
  const Face face{atom.item.font, atom.item.size, 0, 0, 0};
  return last == std::string::npos ? atom.item.w
                                   : measure(face, std::string_view(atom.item.words).substr(0, last + 1));
}

}  // namespace

Face AtomMaker::face(const Span& span, float size, bool bold) const {
  const ui::Fonts& fonts = ui_.theme.fonts;
  const bool heavy = span.bold || bold;
  Face face;
  face.font = span.kind == SpanKind::code ? fonts.code
                                          : (heavy ? (span.italic ? fonts.bold_italic : fonts.bold)
                                                   : (span.italic ? fonts.italic : fonts.body));
  face.size = std::round(span.kind == SpanKind::code ? size * kCodeShrink : size);
  ImFontBaked* baked = face.font->GetFontBaked(face.size);
  face.ascent = baked->Ascent;
  face.descent = face.size - baked->Ascent;
  face.space = baked->GetCharAdvance(' ');
  return face;
}

float measure(const Face& face, std::string_view words) {
  return face.font->CalcTextSizeA(face.size, FLT_MAX, 0, words.data(), words.data() + words.size()).x;
}

Atom AtomMaker::text_atom(const Span& span, const Face& f, std::string words) const {
  Atom atom;
  atom.item.w = measure(f, words);
  atom.item.words = std::move(words);
  atom.item.font = f.font;
  atom.item.size = f.size;
  atom.item.color = span.link >= 0 ? ui_.colors().blue : ui_.colors().ink;
  atom.item.link = span.link;
  atom.ascent = f.ascent;
  atom.descent = f.descent;
  if (span.kind == SpanKind::code && ui_.links.colors.contains(atom.item.words)) {
    atom.item.key = atom.item.words;
  }
  return atom;
}

void AtomMaker::add_formula(std::vector<Atom>& atoms, const Span& span, float size, float space) {
  const bool display = span.kind == SpanKind::display_math;
  const ImU32 color = ui::u32(ui_.colors().ink);
  Formula formula = draw_formula(span.text, std::round(size), color, display);
  if (formula.ok() && formula.width > page_.width) {
    formula = draw_formula(span.text, std::max(8.0F, std::floor(size * page_.width / formula.width)), color,
                           display);
  }
  if (!formula.ok()) {
    page_.alternatives.push_back(span.text);
    Span source = span;
    source.kind = SpanKind::code;
    add_words(atoms, source, size, false, space);
    return;
  }
  Atom atom;
  atom.item.kind = Placed::image;
  atom.item.texture = formula.texture;
  atom.item.w = formula.width;
  atom.item.h = formula.height;
  atom.ascent = formula.baseline;
  atom.descent = formula.height - formula.baseline;
  atom.space_before = space;
  atom.display = display;
  page_.textures.push_back(formula.owner);
  atoms.push_back(std::move(atom));
}

/// Cuts a span at spaces. space: width of a space that was left open before it; returns the one after it.
float AtomMaker::add_words(std::vector<Atom>& atoms, const Span& span, float size, bool bold,
                           float space) const {
  const Face f = face(span, size, bold);
  std::string word;
  const auto flush = [&] {
    if (!word.empty()) {
      atoms.push_back(text_atom(span, f, std::exchange(word, "")));
      atoms.back().space_before = space;
      space = 0;
    }
  };
  for (const char c : span.text) {
    if (c == ' ' || c == '\n' || c == '\t') {
      flush();
      space = f.space;
    } else {
      word.push_back(c);
    }
  }
  flush();
  return space;
}

std::vector<Atom> AtomMaker::atoms_of(const std::vector<Span>& spans, float size, bool bold, bool mark) {
  std::vector<Atom> atoms;
  float space = 0;
  for (const Span& span : spans) {
    if (span.kind == SpanKind::line_break) {
      Atom atom;
      atom.breaks_line = true;
      atoms.push_back(std::move(atom));
      space = 0;
    } else if (span.kind == SpanKind::math || span.kind == SpanKind::display_math) {
      add_formula(atoms, span, size, space);
      space = 0;
    } else {
      space = add_words(atoms, span, size, bold, space);
    }
  }
  if (mark && mark_terms_) {
    mark_terms(atoms);
  }
  return atoms;
}

/// The first mention of each glossary word in the page is marked.
void AtomMaker::mark_terms(std::vector<Atom>& atoms) {
  for (std::size_t i = 0; i < atoms.size(); ++i) {
    for (std::size_t t = 0; t < ui_.glossary.size(); ++t) {
      const std::size_t count = term_length(atoms, i, ui_.glossary[t].word);
      if (count == 0 || std::ranges::count(marked_, t) > 0) {
        continue;
      }
      marked_.push_back(t);
      for (std::size_t k = i; k < i + count; ++k) {
        atoms[k].item.term = static_cast<int>(t);
        atoms[k].item.term_width = word_width(atoms[k]);
      }
    }
  }
}

bool split_atom(std::vector<Atom>& atoms, std::size_t i, float width) {
  const Atom& whole = atoms[i];
  const Face f{whole.item.font, whole.item.size, whole.ascent, whole.descent, 0};
  std::size_t fits = whole.item.words.size();
  while (fits > 1 && (measure(f, std::string_view(whole.item.words).substr(0, fits)) > width ||
                      (static_cast<unsigned char>(whole.item.words[fits]) & 0xC0U) == 0x80U)) {
    --fits;
  }
  if (fits <= 1 || fits == whole.item.words.size()) {
    return false;
  }
  Atom head = whole;
  Atom tail = whole;
  head.item.words.resize(fits);
  tail.item.words.erase(0, fits);
  head.item.w = measure(f, head.item.words);
  tail.item.w = measure(f, tail.item.words);
  tail.space_before = 0.01F;
  atoms[i] = std::move(head);
  atoms.insert(atoms.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::move(tail));
  return true;
}

}  // namespace alab::shell::md
