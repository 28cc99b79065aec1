// A Table of a Result; cells are formatted by their hint, with a provenance chip per row. Columns that do not
// fit are folded under the first one, so that the table reads at any width.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/ui/widgets.hpp"

namespace alab::panels {

struct TableState {
  std::uint64_t version = 0;
  std::vector<std::vector<std::string>> texts;  ///< cells as text, made once per Result
  std::vector<float> widths;                    ///< natural width of each column, in em
};

/// Item ids inside "table/<key>": ##copy, ##export. size.y 0 = as high as its rows.
void table_panel(ui::Ui& ui, const Table& table, std::uint64_t version, TableState& state, ImVec2 size,
                 bool dimmed = false);
std::string table_as_text(const Table& table);

}  // namespace alab::panels
