// What the workbook looks for on a machine: for `alab doctor`, the window's sheet and its status line.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "reference/core/json.hpp"

namespace alab {

/// One thing that is here or is not. Sentences carry no final stop.
struct Finding {
  std::string name;  ///< "GPU"
  bool found = false;
  bool required = false;  ///< without it the workbook does not do its work
  std::string detail;     ///< what was found, or why it was not
  std::string loses;      ///< what does not work without it; "" when a student would not notice
  std::string next;       ///< how to get it
  std::string command;    ///< to copy into a terminal; "" when no one command does it
};

/// Looks at everything once, some 10 ms; safe on any thread. Never throws for what is missing.
std::vector<Finding> examine_machine();

/// True when nothing that is required is missing.
bool usable(const std::vector<Finding>& findings);

/// [{"name", "found", "required", "detail", "loses", "next", "command"}]; the last three are "" when found.
Json to_json(const std::vector<Finding>& findings);

}  // namespace alab
