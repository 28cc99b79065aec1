// A class as a Slurm job array: who is in which task, the script, and what is kept between two runs.
// SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/json.hpp"

namespace alab::grade {

/// Students by task of an array.
using ArrayTasks = std::vector<std::vector<std::string>>;

/// What the instructor asks of Slurm.
struct SlurmRequest {
  std::filesystem::path program;     ///< alab, where the nodes find it
  std::vector<std::string> words;    ///< of 'alab grade' for a task, without its part and the exercises
  unsigned tasks = 0;                ///< of the first array; 0: one for each kStudentsPerTask
  unsigned tries = 3;                ///< of a submission whose task ended without its result
  unsigned cores = 1;                ///< of a task
  std::string partition, time;       ///< as sbatch takes them; "": the site's
  std::vector<std::string> options;  ///< words that sbatch gets as they are
  std::string setup;                 ///< shell commands before a task's work; "" for none
  double ask_seconds = 10;           ///< between two questions to Slurm
};

inline constexpr std::size_t kStudentsPerTask = 4;

/// In order, as evenly as it goes, into count tasks, at most one per student.
ArrayTasks split(const std::vector<std::string>& students, std::size_t count);

/// One submitted array.
struct SlurmRound {
  int number = 0;    ///< names its files: round_1.sh, round_1.json, round_1/TASK.log
  std::string name;  ///< of the job, no other has it
  std::string job;   ///< Slurm's number; "" while it is not known whether Slurm has it
  ArrayTasks tasks;
};

/// Kept in OUT/slurm/run.json, so that the same command goes on.
struct SlurmState {
  int next_number = 1;
  std::vector<SlurmRound> rounds;  ///< of the run that is not finished, in order
  unsigned tries_of(const std::string& student) const;
};
Json to_json(const SlurmState& state);
/// @throws Error: not what to_json wrote
SlurmState slurm_state_from_json(const Json& json);

/// For a POSIX shell, whatever the text is.
std::string shell_quoted(std::string_view words);
/// Of each task: what sbatch is given.
std::string script_of(const SlurmRequest& slurm, const std::filesystem::path& list);
/// What starts the array; the script comes last.
std::vector<std::string> sbatch_words(const SlurmRequest& slurm, const SlurmRound& round,
                                      const std::filesystem::path& folder);
/// Splits at blanks. @throws Error for an option that this program sets itself
std::vector<std::string> site_options(const std::string& words);

std::filesystem::path script_file(const std::filesystem::path& folder, const SlurmRound& round);
/// The students of each task, as JSON.
std::filesystem::path list_file(const std::filesystem::path& folder, const SlurmRound& round);
std::filesystem::path log_file(const std::filesystem::path& folder, const SlurmRound& round,
                               std::size_t task);

/// The students of the task that this process is, from its list and SLURM_ARRAY_TASK_ID.
/// @throws Error: outside of an array, or the list is damaged
std::vector<std::string> students_of_this_task(const std::filesystem::path& list);

}  // namespace alab::grade
