// The ladders of this chapter side by side: reference, simulated rungs, rungs on the GPU or the reason why
// not. SPDX-License-Identifier: MIT
#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/ch10_02_flash_tiling/kernel_steps.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"
#include "labs/common/side_by_side.hpp"

namespace alab::flash_tiling {

Result run_backends(const ParamSet& params, const Context& context) {
  const std::string_view id =
      params.option(kPass) == "forward" ? "flash_attention_fwd" : "flash_attention_bwd";
  const Op* op = find_op(id);
  require(op != nullptr, "the kernel ladder '", id,
          "' is not in this build; configure again so that kernels/", id, " is found");
  const Head head(context, params.integer(kLadderLength), params.integer(kLadderDim),
                  params.flag(params::causal), static_cast<std::uint64_t>(params.integer(params::seed)));
  const auto [problem, inputs] = kernel_problem(*op, head, params.real(params::seed), context);
  Result result;
  head.describe(result, params.integer(kLadderLength), params.integer(kLadderDim));
  result.tables.push_back(side_by_side(*op, problem, inputs, context, result));
  const Cost cost = op->cost(problem);
  result.scalars = {scalar("flops", "floating-point operations", cost.flops, "count",
                           modelled_by("as the field counts attention"), "FLOPs"),
                    scalar("compulsory", "bytes that any algorithm must move", cost.compulsory_bytes, "bytes",
                           modelled_by("inputs read once, outputs written once"))};
  if (context.cuda && !cuda_device().usable) {
    result.notes.push_back(text("No GPU rows: ", cuda_device().unavailable));
  }
  return result;
}

}  // namespace alab::flash_tiling
