// Kernels that exist for tests; each file is built for the executor and, with nvcc, for the GPU.
// SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "kernels/rung.hpp"

namespace alab::samples {

struct Sums {
  /// Sum of each run of 128 elements, by shuffles or by shared memory.
  std::vector<double> (*run)(Stream& stream, const std::vector<float>& x, bool shuffles);
};

}  // namespace alab::samples

namespace alab::fast_build {
extern const samples::Sums sums;
}
