// The same rows by the reference, by every rung on the executor, and by every rung on the GPU or the reason
// why not. SPDX-License-Identifier: MIT
#include <algorithm>

#include "labs/ch10_01_online_softmax/experiments.hpp"
#include "labs/common/side_by_side.hpp"
#include "labs/common/sweep.hpp"

namespace alab::ch10_01 {
namespace {

/// The op's problem with the values of the parameters that it shares with the experiment.
ParamSet problem_of(const Op& op, const ParamSet& params) {
  ParamSet problem(op.params);
  for (const Param* param : params.schema()) {
    if (problem.has(*param)) {
      problem.set(*param, params.value(param->key));
    }
  }
  return problem;
}

/// A head has as many rows and scores as it has tokens: cuts the problem down to them and says so.
void fit_to_tokens(ParamSet& problem, const Context& context, std::vector<std::string>& notes) {
  const auto& synthetic = synthetic_inputs();
  if (std::ranges::any_of(synthetic, [&](const InputSource& s) { return s.name == context.input.name; })) {
    return;
  }
  const auto rows = static_cast<std::int64_t>(problem.value("rows"));
  const auto cols = static_cast<std::int64_t>(problem.value("cols"));
  const InputRequest request{.seq_len = std::max(rows, cols)};
  const AttentionInput input = context.input.make(request, context.progress.part(0, 0.1));
  const std::int64_t tokens = std::min(input.query.extent(1), input.key.extent(1));
  if (tokens < std::max(rows, cols)) {
    problem.set("rows", static_cast<double>(std::min(rows, tokens)));
    problem.set("cols", static_cast<double>(std::min(cols, tokens)));
    notes.push_back(text("The input has ", tokens, " tokens; rows and row length are cut to that."));
  }
}

}  // namespace

Result backends(const ParamSet& params, const Context& context) {
  const std::string_view id = kOps[static_cast<std::size_t>(params.value("op"))];
  const Op* op = find_op(id);
  require(op != nullptr, "the op ", id, " is not part of this build; build the folder kernels/", id);
  Result result;
  ParamSet problem = problem_of(*op, params);
  fit_to_tokens(problem, context, result.notes);
  const HostArrays inputs = op->inputs(problem, context.input, context.progress.part(0.1, 0.2));
  result.tables.push_back(side_by_side(*op, problem, inputs, context, result));
  result.input = text(context.input.label, ": ", problem.describe());
  const Cost cost = op->cost(problem);
  result.scalars = {scalar("compulsory", "bytes that any form must move", cost.compulsory_bytes, "bytes",
                           modelled_by("each input read once, each output written once, 4 bytes an element")),
                    scalar("runs", "rungs run and judged", static_cast<double>(result.checks.size()), "count",
                           counted_by("rows of the table with a check"))};
  result.notes.push_back(
      "Simulated: the CUDA source itself, run by the executor on this CPU. Its error is the "
      "kernel's; its time is not a GPU's.");
  return result;
}

}  // namespace alab::ch10_01
