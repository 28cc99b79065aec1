// A scan over brackets and braces; no parser. SPDX-License-Identifier: MIT
#include "kernels/executor/subscripts.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "kernels/executor/rewrite.hpp"
#include "kernels/executor/short_file.hpp"

namespace alab::executor {
namespace {

constexpr std::size_t kNone = std::string::npos;

template <std::size_t n>
bool is_one_of(std::string_view word, const std::array<std::string_view, n>& words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

struct Code {
  std::string text;
  std::vector<std::size_t> partner;  ///< of every bracket; kNone elsewhere

  explicit Code(std::string_view source) : text(code_only(source)), partner(text.size(), kNone) {
    std::vector<std::size_t> open;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '(' || c == '[' || c == '{') {
        open.push_back(i);
      } else if ((c == ')' || c == ']' || c == '}') && !open.empty()) {
        partner[i] = open.back();
        partner[open.back()] = i;
        open.pop_back();
      }
    }
  }
  /// The last character before `at` that is no space, or kNone.
  std::size_t before(std::size_t at) const {
    while (at > 0 && is_space(text[at - 1])) {
      --at;
    }
    return at == 0 ? kNone : at - 1;
  }
  /// The word that ends at `last`.
  std::string_view word_ending(std::size_t last) const {
    std::size_t first = last + 1;
    while (first > 0 && is_word(text[first - 1])) {
      --first;
    }
    return std::string_view(text).substr(first, last + 1 - first);
  }
};

/// [begin, end) of the bodies of device functions.
std::vector<std::pair<std::size_t, std::size_t>> device_bodies(const Code& code) {
  std::vector<std::pair<std::size_t, std::size_t>> bodies;
  for (std::size_t i = 0; i < code.text.size(); ++i) {
    const bool starts = code.text[i] == '_' && (i == 0 || !is_word(code.text[i - 1]));
    const std::string_view rest = std::string_view(code.text).substr(i);
    if (!starts || (!rest.starts_with("__global__") && !rest.starts_with("__device__"))) {
      continue;
    }
    std::size_t at = i;
    while (at < code.text.size() && code.text[at] != '{' && code.text[at] != ';' && code.text[at] != '=') {
      at = code.text[at] == '(' && code.partner[at] != kNone ? code.partner[at] + 1 : at + 1;
    }
    if (at < code.text.size() && code.text[at] == '{' && code.partner[at] != kNone) {
      bodies.emplace_back(at, code.partner[at]);
      i = code.partner[at];
    }
  }
  return bodies;
}

/// Whether this brace opens a block of statements rather than a list of values.
bool opens_block(const Code& code, std::size_t brace) {
  constexpr std::array<std::string_view, 5> kBeforeBlock{"else", "do", "const", "mutable", "noexcept"};
  const std::size_t last = code.before(brace);
  if (last == kNone || !is_word(code.text[last])) {
    return last == kNone || std::string_view(";{})").find(code.text[last]) != std::string_view::npos;
  }
  return is_one_of(code.word_ending(last), kBeforeBlock);
}

/// Where the statement begins that `at` is in, or kNone when `at` is inside parentheses or a list of values.
std::size_t statement_start(const Code& code, std::size_t at) {
  while (at > 0) {
    const char c = code.text[at - 1];
    if (c == ';' || c == '}') {
      return at;
    }
    if (c == '{') {
      return opens_block(code, at - 1) ? at : kNone;
    }
    if (c == '(') {
      const std::size_t last = code.before(at - 1);
      return last != kNone && is_word(code.text[last]) && code.word_ending(last) == "for" ? at : kNone;
    }
    at = (c == ')' || c == ']') && code.partner[at - 1] != kNone ? code.partner[at - 1] : at - 1;
  }
  return kNone;
}

/// Whether the name that begins at `name` is being declared: nothing but a type stands before it, or the
/// declaration of another array and a comma.
bool is_declared(const Code& code, std::size_t name, const std::map<std::size_t, bool>& declarations) {
  constexpr std::array<std::string_view, 6> kStatements{"return", "else", "case", "do", "throw", "delete"};
  const std::size_t start = statement_start(code, name);
  const std::size_t last = code.before(name);
  if (start == kNone || last == kNone || last < start) {
    return false;
  }
  if (code.text[last] == ',') {
    const auto bracket = declarations.lower_bound(start);
    return bracket != declarations.end() && bracket->first < name && bracket->second;
  }
  std::size_t word = start;
  while (is_space(code.text[word])) {
    ++word;
  }
  std::size_t end = word;
  while (is_word(code.text[end])) {
    ++end;
  }
  const std::string_view prefix = std::string_view(code.text).substr(start, name - start);
  return end > word && !is_one_of(std::string_view(code.text).substr(word, end - word), kStatements) &&
         std::all_of(prefix.begin(), prefix.end(), [](char c) {
           return is_word(c) || is_space(c) || std::string_view(":<>*&").find(c) != std::string_view::npos;
         });
}

/// Whether the bracket at `open` is a subscript; declarations says it of those before.
bool is_subscript(const Code& code, std::size_t open, std::map<std::size_t, bool>& declarations) {
  constexpr std::array<std::string_view, 4> kNoNames{"auto", "return", "operator", "delete"};
  const std::size_t last = code.before(open);
  const std::size_t close = code.partner[open];
  if (last == kNone || close == kNone || code.before(close) == open || code.text[open + 1] == '[') {
    return false;
  }
  bool declared = false;
  if (code.text[last] == ']') {
    const auto chained = declarations.find(code.partner[last]);
    declared = chained == declarations.end() || chained->second;
  } else if (code.text[last] == ')') {  // float (&sum)[4], as opposed to (*p)[i]
    const std::size_t paren = code.partner[last], type = code.before(paren);
    const char inner = code.text[paren + 1];
    declared = (inner == '&' || inner == '*') && type != kNone && is_word(code.text[type]);
  } else if (is_word(code.text[last])) {
    const std::string_view name = code.word_ending(last);
    if (is_one_of(name, kNoNames)) {
      return false;
    }
    declared = is_declared(code, last + 1 - name.size(), declarations);
  } else {
    return false;
  }
  declarations[open] = declared;
  return !declared;
}

// FNV-1a, 32 bits.
std::uint32_t number_of(std::string_view path, std::size_t order) {
  std::uint32_t hash = 2166136261u;
  for (const char c : std::string(short_file(path)) + "#" + std::to_string(order)) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  }
  return hash;
}

/// "s_row[j]": back to where the name, with what it is reached through, begins.
std::string shown(const Code& code, std::size_t open) {
  std::size_t first = open;
  while (first > 0 && (is_word(code.text[first - 1]) || code.text[first - 1] == '.')) {
    --first;
  }
  return code.text.substr(first, code.partner[open] + 1 - first);
}

}  // namespace

std::vector<Subscript> subscripts_of(std::string_view source, std::string_view path) {
  const Code code(source);
  std::vector<Subscript> found;
  std::map<std::size_t, bool> declarations;
  for (const auto& [begin, end] : device_bodies(code)) {
    for (std::size_t i = begin; i < end; ++i) {
      if (code.text[i] == '[' && is_subscript(code, i, declarations)) {
        const auto line = std::count(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(i), '\n');
        found.push_back(
            {i, code.partner[i], static_cast<int>(line) + 1, shown(code, i), number_of(path, found.size())});
      }
    }
  }
  return found;
}

std::string with_shifts(std::string_view source, std::string_view path) {
  std::map<std::size_t, std::string> inserted;
  for (const Subscript& s : subscripts_of(source, path)) {
    inserted[s.open + 1] = "(";
    inserted[s.close] = ") + alab_shift(" + std::to_string(s.number) + "u)";
  }
  std::string out;
  std::size_t from = 0;
  for (const auto& [at, words] : inserted) {
    out.append(source.substr(from, at - from)).append(words);
    from = at;
  }
  return out.append(source.substr(from));
}

}  // namespace alab::executor
