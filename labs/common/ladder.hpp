// A ladder of kernels as an experiment of its own: every rung on every backend, with what it costs at least.
// SPDX-License-Identifier: MIT
#pragma once

#include <string_view>

#include "labs/lab.hpp"

namespace alab {

/// Runs the op on the current input. Parameters of the experiment that the op has too are handed on; seq_len
/// stands for the context of an op over a cache. Gives the table "backends" and the scalars flops,
/// compulsory, intensity and runs.
/// @throws Error when this build has no such op
Result run_ladder(std::string_view op_id, const ParamSet& params, const Context& context);

}  // namespace alab
