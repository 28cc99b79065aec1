// SPDX-License-Identifier: MIT
#include "app/shell/model/exercise_hints.hpp"

#include <ctime>

namespace alab::shell {
namespace {

std::string trimmed(std::string_view words) {
  const auto from = words.find_first_not_of(" \t\r\n");
  const auto to = words.find_last_not_of(" \t\r\n");
  return from == std::string_view::npos ? "" : std::string(words.substr(from, to - from + 1));
}

}  // namespace

std::vector<Hint> parse_hints(std::string_view markdown) {
  std::vector<Hint> hints;
  bool fenced = false;
  while (!markdown.empty()) {
    const auto end = std::min(markdown.find('\n'), markdown.size() - 1);
    const std::string_view line = markdown.substr(0, end + 1);
    markdown.remove_prefix(end + 1);
    fenced = line.starts_with("```") ? !fenced : fenced;
    if (!fenced && line.starts_with("## ")) {
      hints.push_back({trimmed(line.substr(3)), ""});
    } else if (!hints.empty()) {
      hints.back().body += line;
    }
  }
  for (Hint& hint : hints) {
    hint.body = trimmed(hint.body);
  }
  return hints;
}

std::string opened_in_words(std::int64_t time) {
  const auto seconds = static_cast<std::time_t>(time);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char words[64];
  std::strftime(words, sizeof words, "opened %d %b, %H:%M", &parts);
  return words;
}

}  // namespace alab::shell
