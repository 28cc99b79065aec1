// SPDX-License-Identifier: MIT
#include "app/shell/model/search.hpp"

#include <algorithm>
#include <cctype>

namespace alab::shell {
namespace {

constexpr std::size_t kExcerptBefore = 36, kExcerptLength = 96;

std::string lower(std::string_view words) {
  std::string out(words);
  std::ranges::transform(out, out.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::vector<std::string> words_of(std::string_view query) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : lower(query) + " ") {
    if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      word.push_back(c);
    } else if (!word.empty()) {
      words.push_back(std::move(word));
      word.clear();
    }
  }
  return words;
}

/// Points for one word in a title: at its start, at the start of a word, inside, or as letters in order.
int title_points(const std::string& title, const std::string& word) {
  const auto at = title.find(word);
  if (at == 0) {
    return 100;
  }
  if (at != std::string::npos) {
    return std::isalnum(static_cast<unsigned char>(title[at - 1])) == 0 ? 80 : 50;
  }
  std::size_t from = 0;
  for (const char c : word) {
    from = title.find(c, from);
    if (from == std::string::npos) {
      return 0;
    }
    ++from;
  }
  return word.size() >= 3 ? 10 : 0;
}

std::string excerpt_of(const std::string& body, const std::string& lowered, const std::string& word) {
  const auto at = lowered.find(word);
  if (at == std::string::npos) {
    return "";
  }
  std::size_t from = at > kExcerptBefore ? body.find(' ', at - kExcerptBefore) + 1 : 0;
  if (from > at || from == 0) {
    from = at > kExcerptBefore ? at : 0;
  }
  std::size_t length = std::min(kExcerptLength, body.size() - from);
  while (length > 0 && from + length < body.size() &&
         (static_cast<unsigned char>(body[from + length]) & 0xC0U) == 0x80U) {
    --length;
  }
  return (from > 0 ? "... " : "") + body.substr(from, length) + (from + length < body.size() ? " ..." : "");
}

void add_lab(const Workbook& workbook, const Lab& lab, std::vector<SearchEntry>& entries) {
  const std::string title(lab.title), id(lab.id);
  entries.push_back(
      {HitKind::lab, title, text("chapter ", lab.chapter), std::string(lab.question), id, {}, 0});
  for (const Page& page : workbook.pages(lab)) {
    std::string body;
    if (page.kind == PageKind::step) {
      const LessonSection& section =
          workbook.section(lab, lab.steps[static_cast<std::size_t>(page.step)].key);
      body = plain_text(section.body + " " + section.explain);
    } else if (page.kind == PageKind::readings) {
      for (const Reading& reading : lab.readings) {
        body += text(reading.citation, " ", reading.where, " ", reading.says, " ", reading.right, " ");
      }
    }
    const std::string number = page.kind == PageKind::step ? text(page.step + 1, " ") : "";
    entries.push_back(
        {HitKind::page, number + workbook.page_title(lab, page), title, std::move(body), id, page, 0});
  }
  const auto& presets = workbook.presets(lab);
  for (std::size_t i = 0; i < presets.size(); ++i) {
    entries.push_back(
        {HitKind::preset, presets[i].title, title, presets[i].settings, id, {}, static_cast<int>(i)});
  }
  for (const Term& term : lab.glossary) {
    entries.push_back({HitKind::term, std::string(term.word), std::string(term.meaning), "", id, {}, 0});
  }
}

}  // namespace

std::string_view to_string(HitKind kind) {
  switch (kind) {
    case HitKind::action:
      return "action";
    case HitKind::lab:
      return "lab";
    case HitKind::page:
      return "page";
    case HitKind::preset:
      return "preset";
    case HitKind::term:
      return "term";
    case HitKind::text:
      return "text";
  }
  return "";
}

void SearchIndex::build(const Workbook& workbook, std::vector<SearchEntry> actions) {
  entries_ = std::move(actions);
  for (const Lab* lab : workbook.labs()) {
    add_lab(workbook, *lab, entries_);
  }
  titles_.clear();
  bodies_.clear();
  for (const SearchEntry& entry : entries_) {
    titles_.push_back(lower(entry.title + " " + entry.detail));
    bodies_.push_back(lower(entry.body));
  }
}

std::vector<SearchHit> SearchIndex::find(std::string_view query, std::size_t limit) const {
  const auto words = words_of(query);
  std::vector<SearchHit> hits;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const SearchEntry& entry = entries_[i];
    SearchHit hit{&entry, 0, ""};
    if (words.empty()) {
      hit.score = entry.kind == HitKind::lab ? 2 : (entry.kind == HitKind::action ? 1 : 0);
    }
    bool all = !words.empty();
    for (const std::string& word : words) {
      int points = title_points(titles_[i], word);
      if (points <= 10 && bodies_[i].find(word) != std::string::npos) {
        points = 30;
        hit.excerpt = hit.excerpt.empty() ? excerpt_of(entry.body, bodies_[i], word) : hit.excerpt;
      }
      all = all && points > 0;
      hit.score += points;
    }
    if (words.empty() ? hit.score > 0 : all) {
      hits.push_back(std::move(hit));
    }
  }
  std::ranges::stable_sort(hits, [](const SearchHit& a, const SearchHit& b) { return a.score > b.score; });
  if (hits.size() > limit) {
    hits.resize(limit);
  }
  return hits;
}

std::string plain_text(std::string_view markdown) {
  std::string out;
  bool space = false;
  for (const char c : markdown) {
    if (c == '*' || c == '`' || c == '#' || c == '|' || c == '>' || c == '$') {
      continue;
    }
    if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      space = !out.empty();
      continue;
    }
    if (space) {
      out.push_back(' ');
      space = false;
    }
    out.push_back(c);
  }
  return out;
}

}  // namespace alab::shell
