// What Slurm says of an array, by its client programs. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "app/grade/slurm_array.hpp"

namespace alab::grade {

struct SlurmTask {
  std::string state;   ///< "RUNNING", "TIMEOUT"
  std::string node;    ///< "" when it has none
  std::string reason;  ///< why it waits or ended; "" when Slurm names none
  /// It may still leave results: queued, running, being requeued, or unknown to this program.
  bool live() const;
  /// Live, and on no node: queued, or held after it was started in vain.
  bool waits() const;
};

struct SlurmQueue {
  std::string job;                         ///< Slurm's number of the array; "" when it knows none
  std::map<std::size_t, SlurmTask> tasks;  ///< as far as Slurm remembers them
};

/// Throws Error, which says what to install, when sbatch or squeue is not here.
void require_slurm();
/// Entries that an array may have: MaxArraySize of the cluster, or Slurm's default of 1001.
std::size_t most_tasks();

/// Of the array with this name; nothing when squeue gave no answer, with the reason in why.
std::optional<SlurmQueue> ask_squeue(const std::string& name, std::string& why);
/// The same from the accounting, which remembers longer; empty where there is none.
SlurmQueue ask_sacct(const std::string& name);
/// Of squeue's lines "ARRAY|TASK|STATE|NODES|REASON". Others are passed over.
SlurmQueue queue_from(std::string_view lines);

/// "ran out of time on n2": for a sentence about a task that ended without its result.
std::string how_it_ended(const SlurmTask& task);

}  // namespace alab::grade
