// The ladders of this lab side by side: reference, simulated rungs, rungs on the GPU or the reason why not.
// SPDX-License-Identifier: MIT
#include "labs/ch05_02_kernel_trick/experiments.hpp"
#include "labs/ch05_02_kernel_trick/params.hpp"
#include "labs/common/ladder.hpp"

namespace alab::kernel_trick {

Result run_backends(const ParamSet& params, const Context& context) {
  return run_ladder(params.option(kLadder), params, context);
}

}  // namespace alab::kernel_trick
