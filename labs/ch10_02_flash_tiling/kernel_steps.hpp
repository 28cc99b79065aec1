// The events of the tile loop as a running CUDA kernel showed them: which tile each block loaded and when,
// and m, l and O after each tile. SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "labs/ch10_02_flash_tiling/head.hpp"

namespace alab::flash_tiling {

struct KernelSteps {
  std::string kernel;   ///< "kernels/flash_attention_fwd/30_fa2_order.cu"
  std::string why_not;  ///< "" or why no kernel was watched; then nothing was observed
  RowMatrix<float> o;   ///< what the kernel wrote
  Counters counters;    ///< accesses and tiles, from its requests
};

/// The op's problem with the sizes, mask and scale that the head really has, and the head as its inputs.
struct KernelProblem {
  ParamSet problem;
  HostArrays inputs;
};
KernelProblem kernel_problem(const Op& op, const Head& head, double seed, const Context& context);

/// Runs the rung with the problem's loop order on the counted executor and tells the observer what run_tiles
/// would tell: loads in the order in which the blocks made them, tiles that were never loaded as skipped. A
/// compute moment's use is `skipped` where the kernel computes a tile whose keys all lie after its queries.
KernelSteps watch_kernel(const Head& head, const TileProblem& tiles, double seed, const Context& context,
                         const MomentObserver<float>& observer);

}  // namespace alab::flash_tiling
