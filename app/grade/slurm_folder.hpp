// OUT/slurm: what was submitted, what tasks printed, and that only one run is at work on it.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "app/grade/slurm_array.hpp"

namespace alab::grade {

class SlurmFolder {
 public:
  /// Makes out/slurm and takes its lock; finds out the number of an array that an earlier run may have
  /// submitted just before it ended.
  /// @throws Error: another run is at work, squeue does not answer, or the state is damaged
  explicit SlurmFolder(const std::filesystem::path& out);

  const SlurmState& state() const { return state_; }
  /// The name is kept before Slurm has the array, its number after, so that none is ever forgotten.
  /// @throws Error with sbatch's message
  const SlurmRound& submit(const SlurmRequest& slurm, ArrayTasks tasks);
  /// The last line that a task printed, so that "failed" has a cause; "" when it printed nothing.
  std::string last_words(const SlurmRound& round, std::size_t task) const;
  /// The run is over: the next begins with new tries.
  void finish();

 private:
  /// Where the file system knows no locks, nothing is held.
  class Lock {
   public:
    explicit Lock(const std::filesystem::path& folder);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    int file_;
  };

  void save() const;
  std::filesystem::path folder_;
  Lock lock_;
  SlurmState state_;
};

/// Removes what tasks were writing when they were killed. None may be at work any more.
void remove_unfinished_files(const std::filesystem::path& out);

}  // namespace alab::grade
