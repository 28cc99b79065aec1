// SPDX-License-Identifier: MIT
#include "labs/common/ladder.hpp"

#include "labs/common/side_by_side.hpp"
#include "labs/common/sweep.hpp"

namespace alab {

Result run_ladder(std::string_view op_id, const ParamSet& params, const Context& context) {
  context.progress.step(0, "reading the input");
  const Op* op = find_op(op_id);
  require(op != nullptr, "the kernel ladder '", op_id,
          "' is not in this build; configure again so that kernels/", op_id, " is found");
  ParamSet problem(op->params);
  for (const Param* param : params.schema()) {
    const bool is_context = param->key == "seq_len" && problem.find("context") != nullptr;
    const std::string_view key = is_context ? "context" : param->key;
    if (problem.find(key) != nullptr) {
      problem.set(key, params.value(param->key));
    }
  }
  const HostArrays inputs = inputs_fitted(*op, problem, context.input, context.progress);
  Result result;
  result.tables.push_back(side_by_side(*op, problem, inputs, context, result));
  result.input = text(context.input.label, ": ", problem.describe());
  const Cost cost = op->cost(problem);
  result.scalars = {scalar("flops", "floating-point operations", cost.flops, "count",
                           modelled_by("as the op states it"), "FLOPs"),
                    scalar("compulsory", "bytes that any form must move", cost.compulsory_bytes, "bytes",
                           modelled_by("inputs read once, outputs written once")),
                    scalar("intensity", "intensity of the least traffic", cost.flops / cost.compulsory_bytes,
                           "", modelled_by("FLOPs / compulsory bytes"), "FLOP/B"),
                    scalar("runs", "rungs run and judged", static_cast<double>(result.checks.size()), "count",
                           counted_by("rows of the table with a check"))};
  if (context.cuda && !cuda_device().usable) {
    result.notes.push_back(text("No GPU rows: ", cuda_device().unavailable));
  }
  result.notes.push_back(
      "Simulated: the CUDA source itself, run by the executor on this CPU. Its error is the kernel's; its "
      "time is not a GPU's.");
  return result;
}

}  // namespace alab
