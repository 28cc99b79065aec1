// A scan over the text with comments and strings blanked out; no parser.
// SPDX-License-Identifier: MIT
#include "kernels/executor/rewrite.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "reference/core/error.hpp"

namespace alab::executor {
namespace {

constexpr std::string_view kFullUnroll = "64";  // more than any tile extent in registers

std::size_t end_of_raw_string(std::string_view s, std::size_t quote) {
  const std::size_t open = s.find('(', quote);
  if (open == std::string_view::npos) {
    return s.size();
  }
  const std::string close = ")" + std::string(s.substr(quote + 1, open - quote - 1)) + "\"";
  const std::size_t at = s.find(close, open);
  return at == std::string_view::npos ? s.size() : at + close.size();
}

std::size_t end_of_quoted(std::string_view s, std::size_t quote) {
  std::size_t i = quote + 1;
  while (i < s.size() && s[i] != s[quote] && s[i] != '\n') {
    i += s[i] == '\\' ? 2 : 1;
  }
  return std::min(i + 1, s.size());
}

// One past the comment, string or character constant that starts at i, or i when none does.
std::size_t end_of_blank(std::string_view s, std::size_t i) {
  if (s.substr(i, 2) == "//") {
    return std::min(s.find('\n', i), s.size());
  }
  if (s.substr(i, 2) == "/*") {
    const std::size_t close = s.find("*/", i + 2);
    return close == std::string_view::npos ? s.size() : close + 2;
  }
  if (s[i] == '"') {
    return i > 0 && s[i - 1] == 'R' ? end_of_raw_string(s, i) : end_of_quoted(s, i);
  }
  // A quote between digits separates them.
  if (s[i] == '\'' && (i == 0 || !is_word(s[i - 1]))) {
    return end_of_quoted(s, i);
  }
  return i;
}

struct Edit {
  std::size_t begin, end;
  std::string text;
};

struct Scan {
  std::string_view source, path;
  std::string code;
  std::vector<Edit> edits;

  std::size_t line_of(std::size_t at) const {
    return 1 + static_cast<std::size_t>(
                   std::count(source.begin(), source.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
  }
  std::size_t skip_space(std::size_t at) const {
    while (at < code.size() && is_space(code[at])) {
      ++at;
    }
    return at;
  }
  bool word_at(std::size_t at, std::string_view word) const {
    return std::string_view(code).substr(at, word.size()) == word && (at == 0 || !is_word(code[at - 1])) &&
           (at + word.size() >= code.size() || !is_word(code[at + word.size()]));
  }
};

std::string unroll_pragma(std::string_view argument) {
  while (!argument.empty() && (is_space(argument.front()) || argument.front() == '(')) {
    argument.remove_prefix(1);
  }
  while (!argument.empty() && (is_space(argument.back()) || argument.back() == ')')) {
    argument.remove_suffix(1);
  }
  const bool literal = !argument.empty() && argument.size() < 5 &&
                       std::all_of(argument.begin(), argument.end(),
                                   [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; });
  return "GCC unroll " + std::string(literal ? argument : kFullUnroll);
}

// line_begin is at '#'. Replaces what follows "#pragma ".
void rewrite_pragma(Scan& scan, std::size_t hash) {
  const std::size_t end = std::min(scan.code.find('\n', hash), scan.code.size());
  std::size_t at = scan.skip_space(hash + 1);
  if (at >= end || !scan.word_at(at, "pragma")) {
    return;
  }
  at = scan.skip_space(at + 6);
  if (at < end && scan.word_at(at, "unroll")) {
    scan.edits.push_back({at, end, unroll_pragma(std::string_view(scan.code).substr(at + 6, end - at - 6))});
  } else if (at < end && scan.word_at(at, "nounroll")) {
    scan.edits.push_back({at, end, "GCC unroll 1"});
  }
}

void rewrite_pragma_operator(Scan& scan, std::size_t at) {
  const std::size_t open = scan.source.find('"', at),
                    close = open == std::string_view::npos ? open : scan.source.find('"', open + 1);
  if (close == std::string_view::npos) {
    return;
  }
  const std::string_view text = scan.source.substr(open + 1, close - open - 1);
  if (text.substr(0, 6) == "unroll") {
    scan.edits.push_back({open + 1, close, unroll_pragma(text.substr(6))});
  } else if (text == "nounroll") {
    scan.edits.push_back({open + 1, close, "GCC unroll 1"});
  }
}

// Whether every brace that is open at `at` belongs to a namespace or a linkage block.
bool at_namespace_scope(const Scan& scan, std::size_t at) {
  std::vector<bool> open;
  std::size_t statement = 0;
  for (std::size_t i = 0; i < at; ++i) {
    const char c = scan.code[i];
    if (c == '{') {
      const std::string_view head = std::string_view(scan.code).substr(statement, i - statement);
      const std::size_t word = head.find("namespace");
      const bool linkage =
          head.find("extern") != std::string_view::npos && head.find('(') == std::string_view::npos;
      open.push_back((word != std::string_view::npos && scan.word_at(statement + word, "namespace")) ||
                     linkage);
    } else if (c == '}' && !open.empty()) {
      open.pop_back();
    }
    if (c == '{' || c == '}' || c == ';') {
      statement = i + 1;
    }
  }
  return std::all_of(open.begin(), open.end(), [](bool is_namespace) { return is_namespace; });
}

// Drops __align__(...) and alignas(...): dynamic shared memory is aligned to 1024 bytes.
std::string without_alignment(std::string type) {
  for (const std::string_view word : {"__align__", "alignas"}) {
    for (std::size_t at; (at = type.find(word)) != std::string::npos;) {
      std::size_t end = type.find('(', at);
      int depth = 0;
      while (end < type.size()) {
        depth += type[end] == '(' ? 1 : type[end] == ')' ? -1 : 0;
        ++end;
        if (depth == 0) {
          break;
        }
      }
      type.erase(at, std::min(end, type.size()) - at);
    }
  }
  std::replace_if(
      type.begin(), type.end(), [](char c) { return is_space(c); }, ' ');
  const std::size_t first = type.find_first_not_of(' '), last = type.find_last_not_of(' ');
  return first == std::string::npos ? "" : type.substr(first, last - first + 1);
}

// begin is at "extern" (or "__shared__"), after is behind both words.
void rewrite_dynamic_shared(Scan& scan, std::size_t begin, std::size_t after) {
  const std::size_t semicolon = scan.code.find(';', after);
  const std::size_t bracket = scan.code.find('[', after);
  const std::size_t closed = bracket == std::string::npos ? bracket : scan.skip_space(bracket + 1);
  require(
      semicolon != std::string::npos && bracket < semicolon && closed < semicolon && scan.code[closed] == ']',
      scan.path, ":", scan.line_of(begin),
      ": extern __shared__ must declare an array without a size, as in `extern __shared__ float tile[];`");
  std::size_t name_end = bracket;
  while (is_space(scan.code[name_end - 1])) {
    --name_end;
  }
  std::size_t name_begin = name_end;
  while (is_word(scan.code[name_begin - 1])) {
    --name_begin;
  }
  const std::string name = scan.code.substr(name_begin, name_end - name_begin);
  const std::string type = without_alignment(scan.code.substr(after, name_begin - after));
  const std::string inner =
      scan.code.substr(closed + 1, semicolon - closed - 1);  // "[64]" of a two-dimensional array
  const auto pointer = [&](std::string_view declared) {
    return inner.find('[') == std::string::npos ? text(type, "* ", declared)
                                                : text(type, " (*", declared, ")", inner);
  };
  std::string replacement =
      at_namespace_scope(scan, begin) ? "[[maybe_unused]] static thread_local " : "[[maybe_unused]] ";
  replacement += pointer("const " + name) + " = reinterpret_cast<" + pointer("") + ">(ALAB_DYNAMIC_SHARED);";
  replacement.append(scan.line_of(semicolon) - scan.line_of(begin), '\n');
  scan.edits.push_back({begin, semicolon + 1, replacement});
}

void rewrite_word(Scan& scan, std::size_t at) {
  const auto second = [&](std::string_view first, std::string_view next) {
    return scan.word_at(at, first) && scan.word_at(scan.skip_space(at + first.size()), next)
               ? scan.skip_space(at + first.size()) + next.size()
               : std::size_t{0};
  };
  if (const std::size_t after = second("extern", "__shared__")) {
    rewrite_dynamic_shared(scan, at, after);
  } else if (const std::size_t swapped = second("__shared__", "extern")) {
    rewrite_dynamic_shared(scan, at, swapped);
  } else if (scan.word_at(at, "_Pragma")) {
    rewrite_pragma_operator(scan, at);
  } else if (scan.word_at(at, "__noinline__") && (at == 0 || scan.code[at - 1] != '(')) {
    scan.edits.push_back({at, at + 12, "__attribute__((noinline))"});
  }
}

std::string applied(std::string_view source, const std::vector<Edit>& edits) {
  std::string out;
  std::size_t from = 0;
  for (const Edit& edit : edits) {
    out.append(source.substr(from, edit.begin - from)).append(edit.text);
    from = edit.end;
  }
  return out.append(source.substr(from));
}

bool is_digit(char c) {
  return std::isdigit(static_cast<unsigned char>(c)) != 0;
}

// One past the number that starts at i.
std::size_t end_of_number(std::string_view code, std::size_t i) {
  const bool hex = code.substr(i, 2) == "0x" || code.substr(i, 2) == "0X";
  const std::string_view exponent = hex ? "pP" : "eE";
  std::size_t end = i;
  while (end < code.size() && (is_word(code[end]) || code[end] == '.' || code[end] == '\'' ||
                               ((code[end] == '+' || code[end] == '-') &&
                                exponent.find(code[end - 1]) != std::string_view::npos))) {
    ++end;
  }
  return end;
}

bool is_float_constant(std::string_view number) {
  const bool hex = number.size() > 1 && number[0] == '0' && (number[1] == 'x' || number[1] == 'X');
  return (number.back() == 'f' || number.back() == 'F') &&
         (!hex || number.find_first_of("pP") != std::string_view::npos);
}

bool is_float_macro(std::string_view word) {
  return word == "INFINITY" || word == "NAN" || word.starts_with("FLT_M") || word == "FLT_EPSILON" ||
         (word.starts_with("CUDART_") && word.ends_with("_F"));
}

// Whether the line of the hash says word, whatever the space between.
bool says(std::string_view code, std::size_t hash, std::string_view words) {
  std::string line;
  for (const char c : code.substr(hash + 1, std::min(code.find('\n', hash), code.size()) - hash - 1)) {
    if (!is_space(c) || (!line.empty() && line.back() != ' ')) {
      line += is_space(c) ? ' ' : c;
    }
  }
  return line.starts_with(words);
}

// What a word becomes, or empty when it stays.
std::string counting_word(std::string_view word) {
  if (word == "float") {
    return "alab_float";
  }
  return is_float_macro(word) ? text("alab_float(", word, ")") : std::string();
}

}  // namespace

bool is_word(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}
bool is_space(char c) {
  return std::isspace(static_cast<unsigned char>(c)) != 0;
}

std::string code_only(std::string_view source) {
  std::string code(source);
  for (std::size_t i = 0; i < code.size();) {
    const std::size_t end = end_of_blank(source, i);
    if (end == i) {
      ++i;
    }
    for (; i < end; ++i) {
      code[i] = code[i] == '\n' ? '\n' : ' ';
    }
  }
  return code;
}

std::string rewrite_floats(std::string_view source) {
  const std::string code = code_only(source);
  std::vector<Edit> edits;
  for (std::size_t i = 0; i < code.size();) {
    const char c = code[i];
    const std::size_t line_end = std::min(code.find('\n', i), code.size());
    if (c == '#' && says(code, i, "include")) {
      i = line_end;
    } else if (c == '#' && says(code, i, "pragma GCC unroll")) {
      edits.push_back({i, line_end, "#pragma GCC unroll 1"});
      i = line_end;
    } else if (c == '#' && says(code, i, "pragma once")) {
      edits.push_back({i, line_end, ""});
      i = line_end;
    } else if (is_digit(c) || (c == '.' && i + 1 < code.size() && is_digit(code[i + 1]))) {
      const std::size_t end = end_of_number(code, i);
      if (is_float_constant(std::string_view(code).substr(i, end - i))) {
        edits.push_back({i, end, text("alab_float(", source.substr(i, end - i), ")")});
      }
      i = end;
    } else if (is_word(c)) {
      std::size_t end = i;
      while (end < code.size() && is_word(code[end])) {
        ++end;
      }
      const std::string_view name = std::string_view(code).substr(i, end - i);
      if (const std::string word = counting_word(name); !word.empty()) {
        edits.push_back({i, end, word});
      } else if (code.compare(end, 5, ".f32(") == 0) {
        edits.push_back({i, end + 4, text("alab_arrays(", name, ")")});
        end += 4;
      }
      i = end;
    } else {
      ++i;
    }
  }
  return applied(source, edits);
}

std::string rewrite_cuda(std::string_view source, std::string_view path) {
  Scan scan{source, path, code_only(source), {}};
  for (std::size_t i = 0; i < scan.code.size(); ++i) {
    const char c = scan.code[i];
    if (c == '#') {
      rewrite_pragma(scan, i);
    } else if ((c == 'e' || c == '_') && (i == 0 || !is_word(scan.code[i - 1]))) {
      rewrite_word(scan, i);
    }
  }
  return text("#line 1 \"", path, "\"\n", applied(source, scan.edits));
}

}  // namespace alab::executor
