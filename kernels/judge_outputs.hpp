// Holds an op's outputs, from wherever they came, against the truth. SPDX-License-Identifier: MIT
#pragma once

#include <vector>

#include "kernels/backend.hpp"

namespace alab {

/// One check per output: error_NAME. Outputs must have the names and shapes of op.buffers(problem).
std::vector<Check> judge_outputs(const Op& op, const ParamSet& problem, const HostArrays& outputs,
                                 const Judged& judged, const Provenance& provenance);

}  // namespace alab
