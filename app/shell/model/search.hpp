// What the command palette finds: labs, pages, lesson text, presets, glossary, actions.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/shell/model/workbook.hpp"

namespace alab::shell {

enum class HitKind { action, lab, page, preset, term, text };
std::string_view to_string(HitKind kind);

struct SearchEntry {
  HitKind kind = HitKind::action;
  std::string title;   ///< what is shown and matched first
  std::string detail;  ///< beside it: the lab, the shortcut, the meaning
  std::string body;    ///< matched last: lesson text
  std::string id;      ///< action id, or lab id
  Page page;
  int index = 0;  ///< of the preset
};

struct SearchHit {
  const SearchEntry* entry = nullptr;
  int score = 0;
  std::string excerpt;  ///< around the match when it was in the body
};

class SearchIndex {
 public:
  /// actions come first among equals.
  void build(const Workbook& workbook, std::vector<SearchEntry> actions);
  /// Best first, at most limit. All words must occur; an empty query lists actions and labs.
  std::vector<SearchHit> find(std::string_view query, std::size_t limit) const;
  const std::vector<SearchEntry>& entries() const { return entries_; }

 private:
  std::vector<SearchEntry> entries_;
  std::vector<std::string> titles_, bodies_;  ///< lower case
};

/// Markdown without its marks, formulas kept as source, one line.
std::string plain_text(std::string_view markdown);

}  // namespace alab::shell
