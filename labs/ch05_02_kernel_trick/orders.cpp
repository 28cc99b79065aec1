// Linear attention in two evaluation orders: the same output, other FLOPs, other temporaries.
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "labs/ch05_02_kernel_trick/experiments.hpp"
#include "labs/ch05_02_kernel_trick/params.hpp"
#include "labs/common/one_head.hpp"
#include "labs/common/sweep.hpp"
#include "reference/linear_attention.hpp"

namespace alab::kernel_trick {
namespace {

constexpr double kBytes = 4;

FeatureMap map_of(std::string_view name) {
  return {.kind = name == "elu1" ? FeatureKind::elu1 : FeatureKind::quadratic};
}

struct Counted {
  std::vector<double> ns, scores_flops, state_flops, scores_largest, state_largest;
};

Counted count_both(std::int64_t m, std::int64_t dv, const Progress& progress) {
  Counted c;
  c.ns = doublings(16, 16384);
  for (const double n : c.ns) {
    progress.step(n / c.ns.back(), "counting");
    const auto in = Operands<float>::sizes(static_cast<std::int64_t>(n), m, dv);
    WorkMeter scores(false), state(false);
    scores_first(in, true, scores);
    state_first(in, true, state);
    c.scores_flops.push_back(scores.product_flops());
    c.state_flops.push_back(state.product_flops());
    c.scores_largest.push_back(kBytes * scores.largest_temporary());
    c.state_largest.push_back(kBytes * state.largest_temporary());
  }
  return c;
}

Plot two_lines(std::string key, std::string title, std::string note, Axis y, const std::vector<double>& ns,
               const std::vector<double>& scores, const std::vector<double>& state) {
  const Provenance counted = counted_by("meter on every product and temporary");
  Plot plot{key, std::move(title), std::move(note), {"sequence length N", "tokens", true}, std::move(y), {}};
  plot.series = {fitted(key + "_scores", "(phi(Q) phi(K)^T) V", ns, scores, counted),
                 fitted(key + "_state", "phi(Q) (phi(K)^T V)", ns, state, counted)};
  return plot;
}

}  // namespace

Result run_orders(const ParamSet& params, const Context& context) {
  context.progress.step(0, "reading the head");
  const OneHead head = one_head(context, params.integer(kOrderLength), params.integer(kOrderDim),
                                static_cast<std::uint64_t>(params.integer(params::seed)));
  const FeatureMap map = map_of(params.option(kMap));
  const Tensor<float> phi_q = apply_feature_map(map, as_head(head.query), Role::query, context.progress);
  const Tensor<float> phi_k = apply_feature_map(map, as_head(head.key), Role::key, context.progress);
  const auto in = Operands<float>::of(alab::head(phi_q, 0), alab::head(phi_k, 0), head.value);
  // The truth starts from the same rounded features: what is judged is the order of the products.
  const LinearAttentionProblem<double> problem{phi_q.cast<double>(), phi_k.cast<double>(),
                                               as_head<double>(head.value.cast<double>())};
  const Tensor<double> output =
      linear_attention_parallel(problem, {.causal = false}, context.progress.part(0.1, 0.5)).output;
  const RowMatrix<double> truth = alab::head(output, 0);
  context.progress.step(0.5, "both orders in float");
  WorkMeter scores_work, state_work;
  const RowMatrix<float> by_scores = scores_first(in, true, scores_work);
  const RowMatrix<float> by_state = state_first(in, true, state_work);
  const double n = static_cast<double>(in.seq_len), m = static_cast<double>(in.width),
               dv = static_cast<double>(in.head_dim_v);
  const Counted c = count_both(in.width, in.head_dim_v, context.progress.part(0.6, 0.8));
  const auto time = [&](auto form) {
    return median_time(
               [&] {
                 WorkMeter ignored;
                 keep(form(ignored).data());
               },
               context.progress, 0.02, 5)
        .seconds;
  };
  const double scores_time = time([&](WorkMeter&w) { return scores_first(in, true, w); }),
               state_time = time([&](WorkMeter&w) { return state_first(in, true, w); });
  const Provenance here = measured_here("float against double, the same rounded features"),
                   counted = counted_by("meter on every product and temporary"),
                   clock = timed_here("Eigen, float, 1 thread, median");
  Result result;
  describe(result, head);
  result.plots = {two_lines("temporaries", "The N x N matrix disappears; what is left does not grow",
                            "Bytes of the largest array between inputs and output, one head.",
                            {"largest temporary", "bytes", true}, c.ns, c.scores_largest, c.state_largest),
                  two_lines("flops", text("FLOPs: slope 2 against slope 1, equal at N = ", in.width),
                            "Matrix products of one head, counted.", {"FLOPs", "", true}, c.ns,
                            c.scores_flops, c.state_flops)};
  Table table{"orders",
              text("Two orders at N = ", in.seq_len, ", m = ", in.width, ", d_v = ", in.head_dim_v),
              "Error: against the reference in double precision, from the same features.",
              {"order", "error", "FLOPs", "normaliser", "largest temporary", "time on this CPU"},
              {}};
  const auto row = [&](std::string name, const RowMatrix<float>& out, const WorkMeter& work, double seconds) {
    return std::vector<Cell>{Cell::words(std::move(name)),
                             Cell::number(rel_l2(out, truth), "error", here),
                             Cell::number(work.product_flops(), "count", counted),
                             Cell::number(work.normaliser_flops(), "count", counted),
                             Cell::number(kBytes * work.largest_temporary(), "bytes", counted),
                             Cell::number(seconds, "seconds", clock)};
  };
  table.rows = {row("(phi(Q) phi(K)^T) V", by_scores, scores_work, scores_time),
                row("phi(Q) (phi(K)^T V)", by_state, state_work, state_time)};
  result.tables.push_back(std::move(table));
  result.scalars = {
      scalar("temporary_ratio", "largest temporary, N x N over m x d_v",
             scores_work.largest_temporary() / state_work.largest_temporary(), "ratio", counted),
      scalar("flop_ratio", "FLOPs, the same", scores_work.product_flops() / state_work.product_flops(),
             "ratio", counted),
      scalar("time_ratio", "time on this CPU, the same", scores_time / state_time, "ratio", clock),
      scalar("error_scores", "error, N x N first", rel_l2(by_scores, truth), "error", here),
      scalar("error_state", "error, m x d_v first", rel_l2(by_state, truth), "error", here)};
  result.checks = {check_at_most("scores_t32", "N x N first: relL2 <= 5e-6", rel_l2(by_scores, truth),
                                 kFloatTolerance, here),
                   check_at_most("state_t32", "m x d_v first: relL2 <= 5e-6", rel_l2(by_state, truth),
                                 kFloatTolerance, here),
                   check_exactly("scores_peak", "N x N first holds N^2 elements",
                                 scores_work.largest_temporary(), n * n, counted),
                   check_exactly("state_peak", "m x d_v first holds m d_v elements",
                                 state_work.largest_temporary(), m * dv, counted)};
  return result;
}

}  // namespace alab::kernel_trick
