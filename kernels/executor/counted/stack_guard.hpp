// Turns the page fault of a simulated thread into a finding: its stack ran over, or it touched unmapped
// memory. SPDX-License-Identifier: MIT
#pragma once

#include <csignal>
#include <cstddef>
#include <memory>

namespace alab::counted {

/// While one lives, this OS thread handles faults on a stack of its own, and faults of kernels end their
/// launch. Any other fault goes to whoever handled it before.
class StackGuard {
 public:
  StackGuard();
  ~StackGuard();
  StackGuard(const StackGuard&) = delete;
  StackGuard& operator=(const StackGuard&) = delete;

 private:
  std::unique_ptr<std::byte[]> memory_;
  stack_t before_{};
};

}  // namespace alab::counted
