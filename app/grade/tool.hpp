// Another program of this machine, run to its end with the environment that this one has.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

namespace alab::grade {

struct ToolRan {
  int code = 0;  ///< 128 + n when signal n ended it
  std::string out, err;
  bool ok() const { return code == 0; }
  /// What it complained of, on one line; what it printed when it complained of nothing.
  std::string complaint() const;
};

/// The program as PATH finds it; "" when it is not there.
std::string tool_on_path(const std::string& name);

/// Runs words, the first found on PATH, without input, in a process group of its own, so that Ctrl-C does not
/// reach it. One that says nothing for patience_seconds is ended.
/// @throws Error when it cannot be started
ToolRan run_tool(const std::vector<std::string>& words, double patience_seconds = 120);

}  // namespace alab::grade
