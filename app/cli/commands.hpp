// Each command is one file that defines one of these constants, and what several of them share.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/cli/cli.hpp"
#include "labs/lab.hpp"
#include "reference/core/json.hpp"

namespace alab::cli {

extern const Command list_command, run_command, report_command, eval_command, bench_command, doctor_command,
    completion_command;

/// "ch10_01_online_softmax", or its last part "online_softmax"; Error names the nearest lab.
const Lab& lab_named(std::string_view name);
/// "LAB" gives all of its experiments, "LAB/EXPERIMENT" one; Error names the nearest.
struct Target {
  const Lab* lab = nullptr;
  std::vector<const Experiment*> experiments;
};
Target target_named(std::string_view name);

/// "reference", "simulated", "cuda" or "all" -> which rows a context asks for; Error lists them.
void choose_backend(std::string_view name, bool& simulated, bool& cuda);

/// Progress shown as one line on stderr when that is a terminal, silent otherwise.
Progress shown(const Progress& progress);
void end_of_progress_line();

/// Columns padded to their widest cell.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

/// What doctor and the window's status line find out about this machine.
struct Finding {
  std::string name;
  bool ok = false;
  std::string detail;  ///< what was found
  std::string next;    ///< how to get it when it is missing
  bool required = false;
};
std::vector<Finding> examine_machine();

}  // namespace alab::cli
