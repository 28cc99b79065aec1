// What is run both under Nsight Compute and on the counted executor.
// SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "kernels/rung.hpp"

namespace alab::samples {

struct ComparedCase {
  std::string group;  ///< "rung", "probe" or "pattern"
  std::string name;   ///< "flash_attention_fwd/30_fa2_order seq_len=256 ..."
  /// Launches the same kernels on the build's kind of stream. Throws Error when the result is wrong.
  std::function<void(Stream&)> run;
  bool small = true;  ///< counted in well under a second
};

/// Ascending and complete: both sides run the same list. cuda: kernels of the CUDA build, else of the
/// counted.
std::vector<ComparedCase> compared_cases(bool cuda);

}  // namespace alab::samples
