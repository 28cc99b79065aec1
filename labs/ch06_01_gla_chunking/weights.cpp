// The N x N weights that gated linear attention applies, beside the softmax weights of the same head.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/gated_head.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/attention_view.hpp"
#include "labs/common/implicit_map.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/compare.hpp"
#include "reference/core/eigen_view.hpp"

namespace alab::gla_chunking {
namespace {

/// How far back half of the weight of each row lies, in tokens, on average over the second half of the rows.
double mean_reach(const Tensor<double>& weights) {
  const ConstMatrixMap<double> w = head(weights, 0);
  double sum = 0, rows = 0;
  for (Eigen::Index i = w.rows() / 2; i < w.rows(); ++i) {
    const double all = w.row(i).head(i + 1).cwiseAbs().sum();
    double seen = 0;
    for (Eigen::Index back = 0; all > 0 && back <= i; ++back) {
      seen += std::abs(w(i, i - back));
      if (seen >= all / 2) {
        sum += static_cast<double>(back);
        rows += 1;
        break;
      }
    }
  }
  return rows > 0 ? sum / rows : 0;
}

}  // namespace

Result run_weights(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  GatedHead gated = read_head(context, params.integer(kMapLength), params.integer(kHeadDim), seed);
  gated.problem.log_decay = drawn_log_decay(params, gated.seq_len(), gated.head_dim(), seed);
  gated.input.query = gated.problem.query;
  gated.input.key = gated.problem.key;
  gated.input.value = gated.problem.value;
  gated.input.mask = {};
  gated.input.causal = true;
  context.progress.step(0.2, "weights");
  const GatedLinearAttentionProblem<double> problem = in_double(gated.problem);
  const Tensor<double> weights = gated_implicit_weights(problem, {}, context.progress.part(0.2, 0.5));
  GatedLinearAttentionProblem<double> open = problem;
  std::ranges::fill(open.log_decay.span(), 0.0);
  const Tensor<double> open_weights = gated_implicit_weights(open, {}, context.progress.part(0.5, 0.6));
  Result result;
  result.input = text(gated.input.description, "; gates ", words_of_gates(params));
  add_implicit_map(result, softmax_weights(gated.input, 0),
                   applied_weights(weights, 0, true, "gated linear attention"),
                   token_labels(gated.input, gated.seq_len()));
  const Tensor<double> output = gated_linear_attention_recurrent(problem, {}, context.progress).output;
  const RowMatrix<double> applied = head(weights, 0) * head(problem.value, 0);
  const Provenance here = measured_here("double");
  const double error =
      difference<double>({applied.data(), static_cast<std::size_t>(applied.size())}, output.span()).rel_l2;
  result.scalars.push_back(scalar("reach_gated", "half of a row's weight lies within, with gates",
                                  mean_reach(weights), "", here, "tokens"));
  result.scalars.push_back(scalar("reach_open", "half of a row's weight lies within, without gates",
                                  mean_reach(open_weights), "", here, "tokens"));
  result.checks.push_back(
      check_at_most("weights_apply", "weights times values are the recurrence's output", error, 1e-12, here));
  if (gated.input.real) {
    result.notes.push_back("q, k, v are the model's; its layers have no gates, so these are drawn.");
  }
  return result;
}

}  // namespace alab::gla_chunking
