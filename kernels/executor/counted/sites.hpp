// What the build step of inline_notes.hpp wrote down about every run of accesses in this program.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/executor/counted/log.hpp"

namespace alab::counted {

struct NotedAccess {
  std::uintptr_t code = 0;  ///< as a return address: behind the access's note
  Kind kind = Kind::read4;
};

/// The accesses of the run whose head names this place; empty for a place that is none.
std::vector<NotedAccess> noted_run(std::uintptr_t place);

/// The last access noted before an instruction; where in its run, and whether it ended it.
struct NotedBefore {
  NotedAccess access;
  unsigned index = 0;
  bool last = false;
};
/// @param code  an instruction of the counted build, such as one that faulted. code 0 in the result: none
NotedBefore noted_before(std::uintptr_t code);

}  // namespace alab::counted
