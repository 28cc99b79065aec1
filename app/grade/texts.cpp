// SPDX-License-Identifier: MIT
#include "app/grade/texts.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace alab::grade {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// Length of the well-formed UTF-8 character at the front (RFC 3629: no overlong forms, no surrogates), or 0.
std::size_t character_at(std::string_view s) {
  const auto byte = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0), second = byte(1);
  if (first < 0x80) {
    return 1;
  }
  if (first >= 0xC2 && first <= 0xDF) {
    return follows(1) ? 2 : 0;
  }
  if (first >= 0xE0 && first <= 0xEF) {
    const bool allowed = !(first == 0xE0 && second < 0xA0) && !(first == 0xED && second > 0x9F);
    return allowed && follows(1) && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool allowed = !(first == 0xF0 && second < 0x90) && !(first == 0xF4 && second > 0x8F);
    return allowed && follows(1) && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
}

std::string marked_up(std::string_view words, std::string_view apostrophe) {
  std::string out;
  for (const char c : as_utf8(words)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += apostrophe;
        break;
      default:
        out += is_control(c) && c != '\n' && c != '\t' ? kReplacement : std::string_view(&c, 1);
    }
  }
  return out;
}

}  // namespace

std::string as_utf8(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = character_at(bytes);
    out += length == 0 ? kReplacement : bytes.substr(0, length);
    bytes.remove_prefix(length == 0 ? 1 : length);
  }
  return out;
}

std::string html_text(std::string_view words) {
  return marked_up(words, "&#39;");
}

// U+FFFE and U+FFFF are well-formed UTF-8 and yet no characters of XML.
std::string xml_text(std::string_view words) {
  std::string out = marked_up(words, "&apos;");
  for (const std::string_view none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    for (std::size_t at = out.find(none); at != std::string::npos; at = out.find(none, at)) {
      out.replace(at, none.size(), kReplacement);
    }
  }
  return out;
}

std::string csv_cell(std::string_view words) {
  std::string cell = as_utf8(words);
  if (cell.find_first_of("=+-@\t\r") == 0) {
    cell.insert(0, "'");
  }
  if (cell.find_first_of("\",;\r\n\t") == std::string::npos) {
    return cell;
  }
  std::string out = "\"";
  for (const char c : cell) {
    out += c == '"' ? "\"\"" : std::string(1, c);
  }
  return out + "\"";
}

std::string one_line(std::string_view words) {
  std::string out;
  for (const char c : as_utf8(words)) {
    out += is_control(c) ? ' ' : c;
  }
  return out;
}

std::string cut_to(std::string_view words, std::size_t max) {
  if (words.size() <= max) {
    return std::string(words);
  }
  std::size_t end = max;
  while (end > 0 && (static_cast<unsigned char>(words[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return std::string(words.substr(0, end)) + "\n(cut here: the text is longer)";
}

std::string points_text(double points) {
  std::array<char, 32> out{};
  std::snprintf(out.data(), out.size(), "%.6g", points);
  return out.data();
}

std::string fingerprint(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : bytes) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
  std::array<char, 17> out{};
  std::snprintf(out.data(), out.size(), "%016llx", static_cast<unsigned long long>(hash));
  return out.data();
}

std::string file_name_of(std::string_view student) {
  std::string name;
  for (const char c : as_utf8(student)) {
    name += is_control(c) || c == '/' || c == '~' ? '_' : c;
  }
  if (name.starts_with('.')) {
    name[0] = '_';
  }
  if (name == student && !name.empty() && name.size() <= 120) {
    return name;
  }
  std::size_t end = std::min<std::size_t>(name.size(), 120);
  while (end > 0 && end < name.size() && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) {
    --end;
  }
  return name.substr(0, end) + "~" + fingerprint(student);
}

}  // namespace alab::grade
