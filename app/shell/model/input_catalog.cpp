// SPDX-License-Identifier: MIT
#include "app/shell/model/input_catalog.hpp"

#include <algorithm>

namespace alab::shell {

InputCatalog make_catalog() {
  InputCatalog catalog;
  for (const InputSource& source : synthetic_inputs()) {
    catalog.entries.push_back({source.name, source.label, source.doc, source.unavailable, "", false});
  }
  return catalog;
}

InputSource source_of(const InputCatalog& catalog, const InputSelection& selection) {
  for (const InputSource& source : synthetic_inputs()) {
    if (source.name == selection.name) {
      return source;
    }
  }
  InputSource none;
  none.name = selection.name;
  none.label = selection.name;
  none.unavailable = "there is no input named '" + selection.name + "'";
  (void)catalog;
  return none;
}

std::string short_name(const InputCatalog& catalog, const InputSelection& selection) {
  const auto found =
      std::ranges::find_if(catalog.entries, [&](const CatalogEntry& e) { return e.name == selection.name; });
  return found == catalog.entries.end() ? selection.name : found->label;
}

}  // namespace alab::shell
