// The ladders of this lab side by side: reference, simulated rungs, rungs on the GPU or the reason why not.
// SPDX-License-Identifier: MIT
#include "labs/common/side_by_side.hpp"

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"

namespace alab::causal_linear {
namespace {

/// The op's problem with the sizes that the head really has.
ParamSet problem_of(const Op& op, const Head& head, double seed) {
  ParamSet problem(op.params);
  problem.set("seq_len", static_cast<double>(head.seq_len()));
  problem.set("head_dim", static_cast<double>(head.head_dim()));
  problem.set("head_dim_v", static_cast<double>(head.head_dim_v()));
  problem.set("heads", 1);
  problem.set("seed", seed);
  problem.set_text("feature_map", "elu1");
  return problem;
}

}  // namespace

Result run_backends(const ParamSet& params, const Context& context) {
  const std::string_view id = params.option(kPass) == "forward" ? "causal_linear" : "causal_linear_bwd";
  const Op* op = find_op(id);
  require(op != nullptr, "the kernel ladder '", id,
          "' is not in this build; configure again so that kernels/", id, " is found");
  const std::int64_t asked = params.integer(kLadderLength), dim = params.integer(kLadderDim);
  const Head head(context, asked, dim, static_cast<std::uint64_t>(params.integer(params::seed)));
  const ParamSet problem = problem_of(*op, head, params.real(params::seed));
  InputSource source = context.input;  // hands the op the very head that was cut to size
  source.make = [&](const InputRequest&, const Progress&) { return head.input(); };
  const HostArrays inputs = op->inputs(problem, source, context.progress);
  Result result;
  head.describe(result, asked, dim);
  result.tables.push_back(side_by_side(*op, problem, inputs, context, result));
  const Cost cost = op->cost(problem);
  result.scalars = {scalar("flops", "floating-point operations", cost.flops, "count",
                           modelled_by("multiply-adds of the recurrence, twice"), "FLOPs"),
                    scalar("compulsory", "bytes that any algorithm must move", cost.compulsory_bytes, "bytes",
                           modelled_by("inputs read once, outputs written once"))};
  if (context.cuda && !cuda_device().usable) {
    result.notes.push_back(text("No GPU rows: ", cuda_device().unavailable));
  }
  return result;
}

}  // namespace alab::causal_linear
