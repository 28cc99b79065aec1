// Kernels that exist for tests. Each file is built for the executor and, with nvcc, for the GPU, so that
// what the executor promises about CUDA is asked of CUDA itself.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "kernels/rung.hpp"

namespace alab::samples {

/// A small kernel and the values that CUDA's documentation promises for it.
struct Probe {
  std::string_view name;
  std::vector<double> (*run)(Stream& stream);
  std::vector<double> (*expected)();
  bool executor_only = false;  ///< CUDA leaves the outcome open, the executor does not
};

/// A kernel that is wrong, and what the sentence about it must contain.
struct Fault {
  std::string_view name;
  void (*run)(Stream& stream);
  std::vector<std::string_view> words;
};

}  // namespace alab::samples

namespace alab::fast_build {
std::span<const samples::Probe> primitive_probes();
std::span<const samples::Probe> half_probes();
std::span<const samples::Fault> faults();
/// Runs blocks that each take about a millisecond; for cancelling.
void run_slow_grid(Stream& stream, unsigned blocks);
/// threads x barriers barriers in each of blocks blocks: what a barrier costs.
void run_barriers(Stream& stream, unsigned blocks, unsigned threads, int barriers);
}  // namespace alab::fast_build

namespace alab::cuda_build {
std::span<const samples::Probe> primitive_probes();
std::span<const samples::Probe> half_probes();
}  // namespace alab::cuda_build
