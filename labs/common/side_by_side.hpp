// The table every lab shares: reference, each rung simulated, each rung on the GPU or the reason why not.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/backend.hpp"
#include "labs/lab.hpp"

namespace alab {

/// Inputs of an attention op from whatever the source has: a real head brings its own head_dim, and a
/// sentence may be shorter than seq_len. Sizes and the mask flag of the problem are set to what came, as far
/// as the op has such parameters; an op over a cache counts its tokens in context, an op of one token takes
/// the first.
HostArrays inputs_fitted(const Op& op, ParamSet& problem, const InputSource& source,
                         const Progress& progress);

/// Runs every rung of the op on the backends the context asks for. Columns: backend, rung, error against
/// double, time (measured on what), scratch memory, passed. Appends one Check per run
/// ("error_<rung>_<backend>"). A quick look leaves out
/// the times. A simulated row's time is labelled as the executor's on this CPU, never as a
/// GPU's.
Table side_by_side(const Op& op, const ParamSet& problem, const HostArrays& inputs, const Context& context,
                   Result& result);

}  // namespace alab
