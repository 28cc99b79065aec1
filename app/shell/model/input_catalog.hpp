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
  std::vector<std::string> books, book_names;  ///< titles, and names as on the command line
};

/// Looks at which files are there and reads none of them.
InputCatalog make_catalog(const InputSelection& selection);
/// The source for a selection; an unknown or unavailable one gives a source whose unavailable says why.
InputSource source_of(const InputCatalog& catalog, const InputSelection& selection);
/// The selection that a preset's or the command line's name means (smollm2:L17H5@alice), texts of old kept.
/// @throws Error when the name cannot be read
InputSelection selection_of(const InputCatalog& catalog, std::string_view name, InputSelection selection);
/// The folder of a case from a path dropped onto the window; "" when it is no folder and no .npy file.
std::string dropped_case(const std::string& path);
/// "SmolLM2 L17 H5", "normal": for the bar along the top.
std::string short_name(const InputCatalog& catalog, const InputSelection& selection);

inline constexpr std::string_view kModelInput = "smollm2", kFileInput = "file";

}  // namespace alab::shell
