// hints.md of an exercise: sections that are opened one after the other. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alab::shell {

struct Hint {
  std::string title;  ///< "Question", "Concept", "Line", "Nearly the answer"
  std::string body;   ///< Markdown
};

/// The sections "## Title"; what stands before the first is left out.
std::vector<Hint> parse_hints(std::string_view markdown);
/// "opened 22 Nov, 09:41", in the student's own time zone.
std::string opened_in_words(std::int64_t time);

}  // namespace alab::shell
