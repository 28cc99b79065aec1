// Work that may do anything - loop for ever, crash, exit, eat memory, overwrite what is not its own - in a
// child process with limits, so that the program that asked lives on and can say what happened.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/executor/counted/profile.hpp"
#include "reference/core/job.hpp"

namespace alab::child {

/// What a child may use. Beside reading files it can reach nothing outside itself: no file is created,
/// written or removed, no process started or signalled, no network reached (a list of allowed system calls by
/// seccomp; where the system offers none, only these limits hold).
struct ChildLimits {
  double wall_seconds = 60;                           ///< of the task; starting the program does not count
  double cpu_seconds = 120;                           ///< of all its threads together
  std::size_t memory_bytes = std::size_t{2} << 30;    ///< resident; address space is bounded as well
  std::size_t output_bytes = 64 * 1024;               ///< of stdout and stderr that are kept; more is dropped
  std::size_t answer_bytes = std::size_t{512} << 20;  ///< more is no answer
  unsigned open_files = 64;
};

enum class ChildEnd {
  answered,
  failed,     ///< it said in words why it cannot answer
  wall_time,  ///< ran past its limits
  cpu_time,
  memory,
  signal,        ///< crashed, aborted or was killed
  exited,        ///< ended the program instead of returning
  garbled,       ///< what came back is no answer
  did_not_start  ///< the worker program is missing or could not be started
};
std::string_view to_string(ChildEnd end);

struct ChildVerdict {
  ChildEnd end = ChildEnd::did_not_start;
  std::string sentence;           ///< "" when answered; otherwise what happened, where, and what to do
  counted::Line line;             ///< the last line of a kernel's source that is known, for an early end
  int signal = 0, exit_code = 0;  ///< of an early end
  std::string output;             ///< what it printed, cut to the limit
  std::vector<std::byte> answer;  ///< checked to be complete, not to be true
  double seconds = 0, cpu_seconds = 0;
  std::size_t peak_bytes = 0;
};

/// alab_worker, which lies beside the running program.
std::filesystem::path worker_program();

/// Starts program, whose main calls serve (child_serve.hpp), hands it the request, and waits until it has
/// answered or ended, or ends it with all that it started. Returns within 2 s of a limit that was passed.
/// @throws Cancelled on stop, after the child has been ended
ChildVerdict run(const std::filesystem::path& program, const std::string& task,
                 std::span<const std::byte> request, const ChildLimits& limits, const Progress& progress);

/// A program that starts the worker in surroundings of its own, as bwrap does, and waits for it: the
/// innermost process below it is the worker, and an exit status of 128 + n says that signal n ended that.
struct Wrapper {
  std::vector<std::string> command;  ///< path of the wrapper and its words, those that name the worker last
};
/// The same; the worker gets no environment.
ChildVerdict run(const Wrapper& wrapper, const std::string& task, std::span<const std::byte> request,
                 const ChildLimits& limits, const Progress& progress);

}  // namespace alab::child
