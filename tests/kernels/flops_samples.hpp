// Kernels of the tests of counted operations.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/executor/flops.hpp"
#include "kernels/rung.hpp"

namespace alab::samples {

/// A kernel on 2 blocks of 64 threads, and what one thread's operations are; no other kind occurs.
struct Operations {
  std::string_view name;
  void (*run)(Stream& stream);
  std::vector<std::pair<counted::FlopKind, std::uint64_t>> per_thread;
  double result = 0;  ///< of thread 0
};
inline constexpr unsigned kOperationThreads = 128;

/// What one thread does in a line of tests/kernels/flops/operations.cu.
struct LineOperations {
  int line = 0;
  std::vector<std::pair<counted::FlopKind, std::uint64_t>> per_thread;
};

}  // namespace alab::samples

namespace alab::flops_build::in_sample_operations {
std::span<const samples::Operations> operation_samples();
/// Runs one warp of which the first lanes multiply.
void run_some_lanes(Stream& stream, int lanes);
/// Runs a kernel on kOperationThreads threads; its lines that compute.
std::vector<samples::LineOperations> run_on_lines(Stream& stream);
}  // namespace alab::flops_build::in_sample_operations
