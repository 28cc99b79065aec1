// Every source of Q, K and V that a lab can read: synthetic ones, heads of SmolLM2 on a text, a student's
// files. SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "app/shell/model/workbook.hpp"
#include "reference/core/inputs.hpp"

namespace alab::shell {

struct CatalogEntry {
  std::string name, label, doc;
  std::string unavailable;  ///< "" or one sentence
  std::string command;      ///< what mends it, or ""
  bool model = false;       ///< has layers, heads and a text
};

struct InputCatalog {
  std::vector<CatalogEntry> entries;
  int layers = 0, heads = 0;
  std::vector<std::string> books;
};

/// Asked once at the start: looks at which files are there, reads none of them.
InputCatalog make_catalog();
/// The source for a selection; an unknown or unavailable one gives a source whose unavailable says why.
InputSource source_of(const InputCatalog& catalog, const InputSelection& selection);
/// "SmolLM2 L17 H5", "normal": for the bar along the top.
std::string short_name(const InputCatalog& catalog, const InputSelection& selection);

inline constexpr std::string_view kModelInput = "smollm2", kFileInput = "file";

}  // namespace alab::shell
