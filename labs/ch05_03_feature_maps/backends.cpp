// The ladders of feature kernels side by side: reference, simulated rungs, rungs on the GPU or the reason why
// not. SPDX-License-Identifier: MIT
#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"
#include "labs/common/ladder.hpp"

namespace alab::ch05_03 {

Result run_backends(const ParamSet& params, const Context& context) {
  return run_ladder(text("feature_", params.option(kOp)), params, context);
}

}  // namespace alab::ch05_03
