// Matrix products may be regrouped; a softmax between them forbids it.
// SPDX-License-Identifier: MIT
#include <cmath>

#include "labs/ch05_02_kernel_trick/experiments.hpp"
#include "labs/ch05_02_kernel_trick/params.hpp"
#include "labs/common/attention_view.hpp"
#include "labs/common/one_head.hpp"
#include "labs/common/sweep.hpp"
#include "reference/softmax_attention.hpp"

namespace alab::kernel_trick {
namespace {

constexpr Eigen::Index kShown = 64;  // positions drawn per side

Heatmap map_of(std::string key, std::string title, std::string note, std::string value,
               const RowMatrix<double>& cells, const OneHead& head) {
  Heatmap map;
  map.key = std::move(key);
  map.title = std::move(title);
  map.note = std::move(note);
  map.value_label = std::move(value);
  map.rows = map.cols = std::min(kShown, cells.rows());
  for (Eigen::Index i = 0; i < map.rows; ++i) {
    for (Eigen::Index j = 0; j < map.cols; ++j) {
      map.values.push_back(static_cast<float>(cells(i, j)));
    }
  }
  map.row = {"query", head.tokens.empty() ? "position" : "token", false};
  map.col = {"key", head.tokens.empty() ? "position" : "token", false};
  for (Eigen::Index i = 0; i < map.rows; ++i) {
    const auto at = static_cast<std::size_t>(i);
    map.row_labels.push_back(at < head.tokens.size() ? head.tokens[at] : std::to_string(i));
  }
  map.col_labels = map.row_labels;
  map.provenance = measured_here("double");
  return map;
}

Plot flops_plot(std::int64_t n, std::int64_t d, const Progress& progress) {
  const std::vector<double> ns = doublings(16, std::max(4096.0, static_cast<double>(n)));
  std::vector<double> first, second;
  for (const double x : ns) {
    progress.step(x / ns.back(), "counting");
    const auto in = Operands<float>::sizes(static_cast<std::int64_t>(x), d, d);
    WorkMeter scores(false), state(false);
    scores_first(in, false, scores);
    state_first(in, false, state);
    first.push_back(scores.product_flops());
    second.push_back(state.product_flops());
  }
  const Provenance counted = counted_by("meter on every product");
  Plot plot{"flops",
            text("The same result for N^2 or for N: the lines meet at N = ", d),
            "FLOPs of the two groupings of the same three matrices.",
            {"sequence length N", "tokens", true},
            {"FLOPs", "", true},
            {}};
  plot.series = {fitted("scores_first", "(Q K^T) V", ns, first, counted),
                 fitted("state_first", "Q (K^T V)", ns, second, counted)};
  return plot;
}

}  // namespace

Result run_associativity(const ParamSet& params, const Context& context) {
  context.progress.step(0, "reading the head");
  const OneHead head = one_head(context, params.integer(kLength), params.integer(kHeadDim),
                                static_cast<std::uint64_t>(params.integer(params::seed)));
  const auto in = Operands<float>::of(head.query, head.key, head.value);
  const auto wide =
      Operands<double>::of(head.query.cast<double>(), head.key.cast<double>(), head.value.cast<double>());
  WorkMeter scores_work, state_work, softmax_work, ignored;
  context.progress.step(0.2, "multiplying in both orders");
  const RowMatrix<float> scores = scores_first(in, false, scores_work),
                         state = state_first(in, false, state_work),
                         softmax = softmax_form(in, head.scale, softmax_work);
  context.progress.step(0.5, "the same in double");
  const RowMatrix<double> truth = state_first(wide, false, ignored);
  const RowMatrix<double> exact = scores_first(wide, false, ignored);
  const Provenance here = measured_here("float against double"),
                   counted = counted_by("meter on every product");
  const double error_scores = rel_l2(scores, truth), error_state = rel_l2(state, exact),
               apart = rel_l2(softmax, truth);
  Result result;
  describe(result, head);
  result.plots.push_back(flops_plot(head.seq_len(), head.head_dim(), context.progress.part(0.7, 0.9)));
  const RowMatrix<double> raw = wide.query * wide.key.transpose();
  RowMatrix<double> weights = head.scale * raw;
  for (Eigen::Index i = 0; i < weights.rows(); ++i) {
    weights.row(i) = (weights.row(i).array() - weights.row(i).maxCoeff()).exp().matrix();
    weights.row(i) /= weights.row(i).sum();
  }
  Heatmap before = map_of("scores", "What the regrouped product weighs with: q.k, of either sign",
                          "Row: query. Column: key. Blue and red are opposite signs.", "q.k", raw, head);
  before.diverging = true;
  result.heatmaps = {
      std::move(before),
      map_of("weights", "What softmax makes of it: every row positive, with sum 1",
             "The same pairs after the softmax. It needs a whole row before it gives one number.", "weight",
             weights, head)};
  Table table{"orders",
              "Three ways with the same Q, K, V",
              "Error: against the other grouping in double precision.",
              {"form", "error", "FLOPs", "largest temporary, elements"},
              {}};
  const auto row = [&](std::string name, double error, const WorkMeter& work) {
    return std::vector<Cell>{Cell::words(std::move(name)), Cell::number(error, "error", here),
                             Cell::number(work.product_flops(), "count", counted),
                             Cell::number(work.largest_temporary(), "count", counted)};
  };
  table.rows = {row("(Q K^T) V", error_scores, scores_work), row("Q (K^T V)", error_state, state_work),
                row("softmax(Q K^T / sqrt d) V", apart, softmax_work)};
  result.tables.push_back(std::move(table));
  result.scalars = {scalar("regrouping_error", "(Q K^T) V against Q (K^T V)", error_scores, "error", here),
                    scalar("softmax_distance", "softmax attention against Q (K^T V)", apart, "", here),
                    scalar("flop_ratio", "FLOPs, (Q K^T) V over Q (K^T V)",
                           scores_work.product_flops() / state_work.product_flops(), "ratio", counted)};
  result.checks = {check_at_most("regrouped_t32", "(Q K^T) V equals Q (K^T V): relL2 <= 5e-6", error_scores,
                                 kFloatTolerance, here),
                   check_at_most("state_t32", "and the other way round", error_state, kFloatTolerance, here),
                   check_between("softmax_differs", "with softmax between them: relL2 above 0.1", apart, 0.1,
                                 1e300, here)};
  return result;
}

}  // namespace alab::kernel_trick
