// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/assembly.hpp"

#include <algorithm>

namespace alab::counted {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t';
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view assembly) {
  std::vector<std::string_view> lines;
  while (!assembly.empty()) {
    const std::size_t end = std::min(assembly.find('\n'), assembly.size());
    lines.push_back(assembly.substr(0, end));
    assembly.remove_prefix(std::min(end + 1, assembly.size()));
  }
  return lines;
}

std::string_view first_word(std::string_view line) {
  const auto begin = std::find_if_not(line.begin(), line.end(), is_space);
  const auto end = std::find_if(begin, line.end(), is_space);
  return line.substr(static_cast<std::size_t>(begin - line.begin()), static_cast<std::size_t>(end - begin));
}

std::string_view operand(std::string_view line) {
  const std::string_view word = first_word(line);
  line.remove_prefix(static_cast<std::size_t>(word.data() - line.data()) + word.size());
  const auto begin = std::find_if_not(line.begin(), line.end(), is_space);
  return line.substr(static_cast<std::size_t>(begin - line.begin()));
}

std::string_view called(std::string_view line) {
  if (first_word(line) != "call") {
    return {};
  }
  std::string_view target = operand(line);
  const bool table = target.starts_with('*') && target.find("@GOTPCREL(%rip)") != std::string_view::npos;
  if (target.starts_with('*') && !table) {
    return {};
  }
  target = target.substr(0, target.find_first_of("@ \t"));
  target.remove_prefix(target.starts_with('*') ? 1 : 0);
  return target;
}

bool is_instruction(std::string_view line) {
  const std::string_view word = first_word(line);
  return !word.empty() && !word.starts_with('.') && !word.starts_with('#') && !word.ends_with(':');
}

}  // namespace alab::counted
