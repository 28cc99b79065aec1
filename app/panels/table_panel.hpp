// A Table of a Result; cells are formatted by their hint, each number with a dot for its provenance. Columns
// that do not fit are folded under the first one, so that the table reads at any width.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/ui/widgets.hpp"

namespace alab::panels {

struct TableState {
  std::uint64_t version = 0;
  bool prepared = false;
  std::vector<std::vector<std::string>> texts;  ///< cells as text, made once per Result
  std::vector<bool> numeric;                    ///< columns that hold numbers: right-aligned
  std::vector<float> widths;                    ///< natural width of each column, in em
  std::vector<Provenance::Kind> kinds;          ///< that occur, for the key below the table
};

/// Which columns stay side by side in this many em; the first always does. The rest are folded.
std::vector<bool> fitting_columns(const std::vector<float>& widths, const std::vector<bool>& numeric,
                                  float room);

/// Item ids inside "table:<key>": ##copy/button, ##export/button. size.y 0: as high as its rows; else
/// scrolls.
void table_panel(ui::Ui& ui, const Table& table, std::uint64_t version, TableState& state, ImVec2 size,
                 bool dimmed = false);
std::string table_as_text(const Table& table);

}  // namespace alab::panels
