// A program - the compiler - with limits on what it may take. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "reference/core/job.hpp"

namespace alab::student {

struct CommandLimits {
  double wall_seconds = 30;                         ///< processor time: twice that
  std::size_t memory_bytes = std::size_t{2} << 30;  ///< address space of each of its processes
  std::size_t file_bytes = std::size_t{128} << 20;  ///< of each file that it writes
  std::size_t output_bytes = 256 * 1024;            ///< of what it prints; more is dropped
};

struct Finished {
  bool ended = false;  ///< by itself, with exit_code; otherwise by a signal, or for its time
  bool too_late = false;
  int exit_code = 0, signal = 0;
  std::string output;  ///< stdout and stderr
  double seconds = 0;
};

/// Runs command, whose first word is the program's path, in folder, with PATH=/usr/bin:/bin, LC_ALL=C and
/// TMPDIR=/tmp as its environment. When it is over, so is all that it started.
/// @throws Error when no process can be made; Cancelled
Finished run_limited(const std::vector<std::string>& command, const std::filesystem::path& folder,
                     const CommandLimits& limits, const Progress& progress);

}  // namespace alab::student
