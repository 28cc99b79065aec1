// The child's side of child.hpp, for the main of a worker program. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/executor/counted/fixed_line.hpp"

namespace alab::child {

using Bytes = std::vector<std::byte>;

struct Task {
  std::string_view name;
  /// Called in the child, under its limits. What it throws becomes the verdict's sentence.
  Bytes (*answer)(std::span<const std::byte> request);
  bool has_lines =
      true;  ///< where_am_i may find one; reading the line tables takes longer than many a kernel
  /// False for the work of our own code with a GPU: the driver needs devices, address space and system calls
  /// that nothing else needs. Time and resident memory are limited all the same.
  bool confined = true;
};

/// The innermost line of a kernel's source on the calling stack, signal frames included. Called in signal
/// handlers: it may not allocate.
using WhereAmI = counted::FixedLine (*)();

/// Reads one request from standard input, limits this process as it asks, runs the task, writes the answer,
/// and ends the process. where_am_i may be nullptr.
[[noreturn]] void serve(std::span<const Task> tasks, WhereAmI where_am_i);

/// What exit and its kin do in a worker program (child_exit.cc): tells the parent from where, and ends.
[[noreturn]] void leave_early(int status);

}  // namespace alab::child
