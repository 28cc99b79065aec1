// Lamps and scalars of a Result.
// SPDX-License-Identifier: MIT
#include "app/panels/checks_panel.hpp"

#include <algorithm>

#include "reference/core/error.hpp"

namespace alab::panels {

void checks_panel(ui::Ui& ui, const Result& result, std::span<const std::string_view> keys) {
  if (keys.empty()) {
    for (const Check& check : result.checks) {
      ui::lamp(ui, check);
      ui::vspace(0.15F);
    }
    if (result.checks.empty()) {
      ui::muted(ui, result.quick.empty() ? "This experiment states no criterion."
                                         : "The lamps follow with the full run.");
    }
    return;
  }
  for (const std::string_view key : keys) {
    if (const Check* check = result.check(key)) {
      ui::lamp(ui, *check);
      ui::vspace(0.15F);
    } else {
      ui::muted(ui, text("Criterion '", key, "' is not in this result; run the step's own experiment."));
    }
  }
}

void scalars_panel(ui::Ui& ui, const Result& result) {
  for (const Scalar& scalar : result.scalars) {
    ui::scalar_line(ui, scalar);
  }
}

}  // namespace alab::panels
