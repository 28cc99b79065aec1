// DPFP as the paper has it and as one library writes it: relu([x, -x]) against [relu(x), -relu(x)].
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"
#include "labs/ch05_03_feature_maps/rows.hpp"

namespace alab::ch05_03 {
namespace {

constexpr std::int64_t kShifts = 2, kDrawnRows = 16;

/// [relu(x), -relu(x)] where relu([x, -x]) belongs; the products with the rolled copies stay.
Tensor<double> printed_dpfp(const Tensor<double>& x) {
  const std::int64_t n = x.extent(0), d = x.extent(1);
  Tensor<double> out({n, 2 * d * kShifts});
  for (std::int64_t i = 0; i < n; ++i) {
    const auto half = [&](std::int64_t c) {
      const double positive = std::max(x(i, c % d), 0.0);
      return c < d ? positive : -positive;
    };
    for (std::int64_t shift = 1; shift <= kShifts; ++shift) {
      for (std::int64_t c = 0; c < 2 * d; ++c) {
        out(i, (shift - 1) * 2 * d + c) = half(c) * half((c - shift + 2 * d) % (2 * d));
      }
    }
  }
  return out;
}

Heatmap feature_picture(std::string key, std::string title, const Tensor<double>& phi, bool diverging,
                        const Provenance& from) {
  Heatmap picture;
  picture.key = std::move(key);
  picture.title = std::move(title);
  picture.note = "Row: one of the first 16 tokens. Column: one of its features.";
  picture.value_label = "feature";
  picture.row = {"token", "", false};
  picture.col = {"feature", "", false};
  picture.rows = std::min(kDrawnRows, phi.extent(0));
  picture.cols = phi.extent(1);
  picture.diverging = diverging;
  picture.values.assign(phi.span().begin(), phi.span().begin() + picture.rows * picture.cols);
  picture.provenance = from;
  return picture;
}

double negatives(const Tensor<double>& phi) {
  return static_cast<double>(std::ranges::count_if(phi.span(), [](double x) { return x < 0; }));
}

}  // namespace

Result run_dpfp(const ParamSet& params, const Context& context) {
  context.progress.step(0, "features");
  const std::int64_t length = params.integer(kLength), dim = params.integer(kHeadDim);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  Rng rng(seed);
  const Tensor<double> q = normal_rows(length, dim, params.real(kSpread), rng),
                       k = normal_rows(length, dim, params.real(kSpread), rng);
  FeatureMap map;
  map.kind = FeatureKind::dpfp;
  map.shifts = kShifts;
  const Tensor<double> right_q = apply_feature_map(map, q, Role::query),
                       right_k = apply_feature_map(map, k, Role::key);
  const Tensor<double> wrong_q = printed_dpfp(q), wrong_k = printed_dpfp(k);
  const WeightMap soft = softmax_weights(q, k, 1 / std::sqrt(static_cast<double>(dim)), false);
  const RowMeasures right =
      measure_rows(feature_weights(right_q, right_k, false, RowDivision::by_sum, "DPFP"), soft);
  const RowMeasures wrong =
      measure_rows(feature_weights(wrong_q, wrong_k, false, RowDivision::by_sum, "as written"), soft);
  context.progress.step(0.7, "measuring rows");
  const Provenance from = measured_here("features in double");
  const double bad = negatives(wrong_q), good = negatives(right_q);
  const double share = 100 * bad / static_cast<double>(wrong_q.size());
  Result result;
  result.input = text("normal rows, seed ", seed, " (", length, " tokens, head_dim ", dim, ")");
  result.heatmaps = {
      feature_picture("written",
                      text("As written: ", format_value(share, ""), " % of the features are negative"),
                      wrong_q, true, from),
      feature_picture("paper", "As in the paper: no feature is negative", right_q, false, from)};
  Table table;
  table.key = "comparison";
  table.title = "The paper's map and the written one";
  table.note = "A negative weight pushes a value away: the output is no average of values any more.";
  table.columns = {"map", "negative features", "negative weights", "distance to softmax", "entropy"};
  const auto row = [&](std::string_view name, double features, const RowMeasures& m) {
    table.rows.push_back({Cell::words(std::string(name)), Cell::number(features, "count", from),
                          Cell::number(static_cast<double>(m.negative_weights), "count", from),
                          Cell::number(m.mean_distance, "", from), Cell::number(m.mean_entropy, "", from)});
  };
  row("relu([x, -x]), the paper", good, right);
  row("[relu(x), -relu(x)], as written", bad, wrong);
  result.tables.push_back(std::move(table));
  result.scalars = {
      scalar("negative_share", "negative features as written, in percent", share, "", from, "%"),
      scalar("negative_weights", "negative weights as written", static_cast<double>(wrong.negative_weights),
             "count", from),
      scalar("distance_paper", "distance to softmax, paper", right.mean_distance, "", from),
      scalar("distance_written", "distance to softmax, as written", wrong.mean_distance, "", from)};
  result.checks = {check_exactly("paper_none", "the paper's map has no negative feature", good, 0, from),
                   check_between("written_some", "the written one has negative features", bad, 1,
                                 static_cast<double>(wrong_q.size()), from)};
  return result;
}

}  // namespace alab::ch05_03
