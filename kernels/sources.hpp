// The CUDA sources of this build as text, so that a line can be shown beside what was counted in it.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace alab {

struct KernelSource {
  std::string_view file;  ///< as in counted::Line: "kernels/softmax_rows/00_naive.cu"
  std::string_view text;
};

/// Rungs and the headers they include, by name. Generated from the folder listing.
std::span<const KernelSource> kernel_sources();

}  // namespace alab
