// Each command is one file that defines one of these constants, and what several of them share.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/cli/cli.hpp"
#include "kernels/student/run_case.hpp"
#include "labs/lab.hpp"
#include "reference/core/json.hpp"

namespace alab::cli {

extern const Command list_command, run_command, report_command, eval_command, bench_command, profile_command,
    check_command, grade_command, doctor_command, completion_command;

/// "ch10_01_online_softmax", or its last part "online_softmax"; Error names the nearest lab.
const Lab& lab_named(std::string_view name);
/// "LAB" gives all of its experiments, "LAB/EXPERIMENT" one; Error names the nearest.
struct Target {
  const Lab* lab = nullptr;
  std::vector<const Experiment*> experiments;
};
Target target_named(std::string_view name);

/// "1a_scores_naive", or its beginning; Error names the nearest exercise.
const student::Exercise& exercise_named(const std::string& name);
/// The usual ones. @throws Error when there is no sandbox and --without-sandbox was not given
student::StudentLimits student_limits_of(const Arguments& arguments);

/// "reference", "simulated", "cuda" or "all" -> which rows a context asks for; Error lists them.
void choose_backend(std::string_view name, bool& simulated, bool& cuda);

/// Progress shown as one line on stderr when that is a terminal, silent otherwise.
Progress shown(const Progress& progress);
void end_of_progress_line();

/// "; did you mean 'x'?", or ";" when nothing is near: what is allowed follows.
std::string did_you_mean(std::string_view word, std::span<const std::string> known);

/// Makes the folder and checks that it can be written, so that no run is lost at its end.
void require_folder(const std::filesystem::path& folder);

/// Columns padded to their widest cell.
std::string aligned(const std::vector<std::vector<std::string>>& rows);

}  // namespace alab::cli
