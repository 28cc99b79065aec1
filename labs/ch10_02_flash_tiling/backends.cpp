// The ladders of this chapter side by side: reference, simulated rungs, rungs on the GPU or the reason why
// not. SPDX-License-Identifier: MIT
#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"
#include "labs/common/side_by_side.hpp"

namespace alab::flash_tiling {

Result run_backends(const ParamSet& params, const Context& context) {
  const bool forward = params.option(kPass) == "forward";
  const std::string_view id = forward ? "flash_attention_fwd" : "flash_attention_bwd";
  const Op* op = find_op(id);
  require(op != nullptr, "the kernel ladder '", id,
          "' is not in this build; configure again so that kernels/", id, " is found");
  ParamSet problem(op->params);
  for (const Param* p : {&kLadderLength, &kLadderDim, &params::causal, &params::seed}) {
    if (problem.find(p->key) != nullptr) {
      problem.set(p->key, params.value(p->key));
    }
  }
  const HostArrays inputs = inputs_fitted(*op, problem, context.input, context.progress);
  Result result;
  result.input = context.input.label;
  result.tables.push_back(side_by_side(*op, problem, inputs, context, result.checks));
  const Cost cost = op->cost(problem);
  result.scalars = {{"flops",
                     "floating-point operations",
                     "FLOP",
                     cost.flops,
                     {Provenance::modelled, "as the field counts attention"},
                     "count"},
                    {"compulsory",
                     "bytes that any algorithm must move",
                     "",
                     cost.compulsory_bytes,
                     {Provenance::modelled, "inputs once, outputs once"},
                     "bytes"}};
  if (context.cuda && !cuda_device().usable) {
    result.notes.push_back(text("No GPU rows: ", cuda_device().unavailable));
  }
  return result;
}

}  // namespace alab::flash_tiling
