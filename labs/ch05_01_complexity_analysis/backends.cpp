// The ladders of this lab side by side: reference, simulated rungs, rungs on the GPU or the reason why not.
// SPDX-License-Identifier: MIT
#include "labs/ch05_01_complexity_analysis/experiments.hpp"
#include "labs/ch05_01_complexity_analysis/ladders.hpp"
#include "labs/common/ladder.hpp"

namespace alab::complexity {

Result run_backends(const ParamSet& params, const Context& context) {
  return run_ladder(params.option(kLadder), params, context);
}

}  // namespace alab::complexity
