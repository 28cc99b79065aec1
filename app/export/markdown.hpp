// A table as Markdown.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "reference/core/result.hpp"

namespace alab {

/// Title as a heading, note, and the table with numbers as the window prints them; below it where they come
/// from, each source once.
std::string markdown_of(const Table& table);

}  // namespace alab
