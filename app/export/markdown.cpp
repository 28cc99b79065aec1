// SPDX-License-Identifier: MIT
#include "app/export/markdown.hpp"

#include <algorithm>
#include <vector>

#include "reference/core/error.hpp"

namespace alab {
namespace {

// A bar would end the cell, a line break the row.
std::string escaped(const std::string& words) {
  std::string out;
  for (const char c : words) {
    out += c == '|' ? "\\|" : (c == '\n' ? " " : std::string(1, c));
  }
  return out;
}

std::string row_of(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const std::string& cell : cells) {
    out += " " + escaped(cell) + " |";
  }
  return out + "\n";
}

}  // namespace

std::string markdown_of(const Table& table) {
  std::vector<std::string> sources, rule;
  std::string rows;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const bool number = std::any_of(table.rows.begin(), table.rows.end(),
                                    [&](const std::vector<Cell>& row) { return row[c].has_number; });
    rule.emplace_back(number ? "---:" : "---");
  }
  for (const auto& row : table.rows) {
    std::vector<std::string> cells;
    for (const Cell& cell : row) {
      cells.push_back(cell.has_number ? format_value(cell.value, cell.hint) : cell.text);
      const std::string source = text(to_string(cell.provenance.kind), ": ", cell.provenance.source);
      if (cell.has_number && std::find(sources.begin(), sources.end(), source) == sources.end()) {
        sources.push_back(source);
      }
    }
    rows += row_of(cells);
  }
  std::string out =
      text("# ", table.title, "\n\n", table.note, "\n\n", row_of(table.columns), row_of(rule), rows, "\n");
  for (const std::string& source : sources) {
    out += "- " + source + "\n";
  }
  return out;
}

}  // namespace alab
