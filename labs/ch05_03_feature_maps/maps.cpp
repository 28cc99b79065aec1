// The N x N weights that a feature map applies to the current head, beside the head's own softmax.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/head.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"
#include "reference/linear_attention.hpp"

namespace alab::ch05_03 {
namespace {

/// Largest |sum of a row's weights - 1| over the rows that are sound.
double worst_row_sum(const WeightMap& map, const RowMeasures& measures) {
  double worst = 0;
  const Eigen::VectorXd ones = Eigen::VectorXd::Ones(map.keys());
  const RowMatrix<double> weights = matrix(map.weights);
  const Eigen::VectorXd sums = weights * ones;
  for (std::size_t i = 0; i < measures.state.size(); ++i) {
    const double off = std::abs(sums[static_cast<Eigen::Index>(i)] - 1);
    worst = measures.state[i] == RowState::sound && !(off <= worst) ? off : worst;
  }
  return worst;
}

/// relL2 between the map times the values and the recurrence, which forms no N x N weights; sound rows only.
double against_recurrence(const FeatureMap& map, const Head& head, const WeightMap& drawn,
                          const RowMeasures& measures, const Progress& progress) {
  const auto problem = linear_attention_problem(map, head.stacked(head.query), head.stacked(head.key),
                                                head.stacked(head.value), progress);
  const Tensor<double> output = linear_attention_recurrent(problem, {.causal = head.causal}, progress).output;
  RowMatrix<double> want = output_of(drawn, head.value), got = alab::head(output, 0);
  for (std::size_t i = 0; i < measures.state.size(); ++i) {
    if (measures.state[i] != RowState::sound) {
      want.row(static_cast<Eigen::Index>(i)).setZero();
      got.row(static_cast<Eigen::Index>(i)).setZero();
    }
  }
  return rel_l2(got, want);
}

void compare_with_uniform(Result& result, const Head& head, const WeightMap& soft, const WeightMap& map,
                          bool stated, const Provenance& from) {
  const WeightMap uniform = uniform_map(head.query.extent(0), head.key.extent(0), head.causal);
  const double map_to_uniform = measure_rows(map, uniform).mean_distance;
  const double soft_to_uniform = measure_rows(soft, uniform).mean_distance;
  result.scalars.push_back(scalar("to_uniform", text("distance of ", map.name, " to uniform averaging"),
                                  map_to_uniform, "", from));
  result.scalars.push_back(
      scalar("soft_to_uniform", "distance of softmax to uniform averaging", soft_to_uniform, "", from));
  add_where(
      result, stated, "elu1 on normal inputs of head_dim 16, factor 1",
      check_at_most("near_uniform", "elu + 1 lies nearer to uniform averaging than to softmax: ratio < 1",
                    map_to_uniform / result.scalar("distance")->value, 0.999, from));
}

}  // namespace

Result run_maps(const ParamSet& params, const Context& context) {
  const std::string_view name = params.option(kMap);
  const Head head(context, params.integer(kMapLength), params.integer(kHeadDim), params.real(kMapSpread),
                  static_cast<std::uint64_t>(params.integer(params::seed)));
  FeatureMap map = map_named(name, params.integer(kRows), Rows::orthogonal,
                             static_cast<std::uint64_t>(params.integer(params::seed)) + 1);
  if (info_of(map.kind).approximates_softmax) {
    map.input_scale = std::sqrt(head.scale);
  }
  map = with_drawn(map, head.query.extent(1));
  context.progress.step(0.3, "features");
  const WeightMap soft = head.softmax();
  const WeightMap drawn =
      implicit_map(map, head.query, head.key, head.causal, std::string(info_of(map.kind).label));
  context.progress.step(0.6, "measuring rows");
  Result result;
  head.describe(result);
  const RowMeasures measures = add_implicit_map(result, soft, drawn, head.tokens);
  const Provenance from = measured_here("weights in double");
  const bool stated = name == "elu1" && context.input.name == "normal" && params.real(kMapSpread) == 1 &&
                      params.integer(kHeadDim) == kWidth;
  compare_with_uniform(result, head, soft, drawn, stated, from);
  result.scalars.push_back(scalar("features", "features of one row",
                                  static_cast<double>(feature_dim_of(map, head.query.extent(1))), "count",
                                  counted_by("features of one row")));
  result.checks.push_back(check_at_most("rows_sum", "every sound row of weights sums to 1",
                                        worst_row_sum(drawn, measures), 1e-9, from));
  result.checks.push_back(
      check_at_most("same_output", "the map times V equals the recurrence, which never forms it",
                    against_recurrence(map, head, drawn, measures, context.progress), 1e-9, from));
  return result;
}

}  // namespace alab::ch05_03
