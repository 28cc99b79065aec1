// Two misprints of FlashAttention-2 run as printed: the merge of two tiles (trap P2) and, in the causal
// paragraph and Algorithm 2, the test for mask-free tiles and the shape of D (trap P3). Source:
// arXiv:2307.08691, 2.3.1, 3.1.1, App. A. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"
#include "labs/ch10_02_flash_tiling/prefix.hpp"
#include "reference/flash_counts.hpp"
#include "reference/softmax_attention.hpp"

namespace alab::flash_tiling {
namespace {

/// Error of every prefix of the output, over all queries, as the tiles of keys go by.
std::vector<double> merge_trace(const Head& of, std::int64_t block_n, RescaleRule rule,
                                const Progress& progress) {
  TileProblem p = of.problem(of.seq_len(), block_n);
  p.rescale = rule;
  DensePrefix prefix(p);
  std::vector<double> errors;
  run_tiles<double>(p, [&](const TileMoment<double>& e) {
    if (e.kind != TileMoment<double>::compute) {
      return;
    }
    progress.step(static_cast<double>(e.col_end) / static_cast<double>(of.key_len()), "tiles");
    prefix.add(e.col_begin, e.col_end);
    RowMatrix<double> got = e.o;
    if (rule != RescaleRule::printed_normalised) {
      got.array().colwise() /= Eigen::Map<const Eigen::ArrayXd>(e.l.data(), got.rows());
    }
    errors.push_back(std::max(rel_l2(got, prefix.output()), 1e-17));
  });
  return errors;
}

/// 1-based index of the first tile after which the error exceeds rounding; 0 when none does.
double first_bad(const std::vector<double>& errors) {
  const auto at = std::find_if(errors.begin(), errors.end(), [](double e) { return !(e <= 1e-6); });
  return at == errors.end() ? 0 : static_cast<double>(at - errors.begin() + 1);
}

struct RuleRow {
  std::string key, name, formula;
  RescaleRule rule;
};

}  // namespace

Result run_bug_merge(const ParamSet& params, const Context& context) {
  const std::int64_t n = params.integer(kTrapLength), block_n = params.integer(kTrapBlockN);
  Head head(context, n, params.integer(kHeadDim), false,
            static_cast<std::uint64_t>(params.integer(params::seed)));
  const bool masked = head.causal() || !head.input().mask.empty();
  head.set_mask(false);
  Result result;
  head.describe(result, n, params.integer(kHeadDim));
  if (masked) {
    result.notes.push_back("The merge is shown without a mask: every query sees every key.");
  }
  const Provenance here = measured_here("double against dense double");
  const RuleRow rows[] = {
      {"right", "right", "O <- e^(m1-m2) O + e^(S2-m2) V2, divided by l at the end", RescaleRule::right},
      {"printed_normalised", "as printed in 2.3.1", "O <- (l1/l2)^-1 O + l2^-1 e^(S2-m2) V2",
       RescaleRule::printed_normalised},
      {"printed_accumulator", "as printed in 3.1.1", "O <- l1^-1 O + e^(S2-m2) V2, divided by l at the end",
       RescaleRule::printed_accumulator}};
  Plot plot{"merge",
            "Both misprints are right for one tile and wrong from the second on",
            "Error of the running output against the dense softmax over the keys seen so far.",
            {"key tile", "", false},
            {"relative error", "", true},
            {}};
  Table table{"formulas",
              "Three ways to bring the old output along",
              "Run exactly as written, in double precision.",
              {"formula", "update of O", "first wrong tile", "error at the end"},
              {}};
  for (const RuleRow& row : rows) {
    const std::vector<double> errors = merge_trace(head, block_n, row.rule, context.progress);
    std::vector<double> xs(errors.size());
    for (std::size_t j = 0; j < xs.size(); ++j) {
      xs[j] = static_cast<double>(j + 1);
    }
    plot.series.push_back(plain(row.key, row.name, xs, errors, here, SeriesStyle::line_and_markers));
    table.rows.push_back({Cell::words(row.name), Cell::words(row.formula),
                          Cell::number(first_bad(errors), "count", here),
                          Cell::number(errors.back(), "error", here)});
    result.scalars.push_back(
        scalar("error_" + row.key, row.name + ": error at the end", errors.back(), "error", here));
    const bool right = row.rule == RescaleRule::right;
    const double tiles = static_cast<double>(errors.size());
    add_where(result, right || tiles >= 2, "two key tiles or more",
              check_exactly("pass_" + row.key,
                            right ? "the right formula is never wrong (first wrong tile: none = 0)"
                                  : row.name + ": wrong from the first tile that rescales, tile 2",
                            first_bad(errors), right ? 0 : 2, here));
  }
  result.plots.push_back(std::move(plot));
  result.tables.push_back(std::move(table));
  return result;
}

namespace {

Heatmap weights_seen(const TileProblem& p, CausalTest test, std::string key, std::string title) {
  Heatmap map;
  map.key = std::move(key);
  map.title = std::move(title);
  map.note = "2: computed without a mask. 1: masked cell by cell. Blank: skipped.";
  map.value_label = "tile";
  map.row = {"query tile", "", false};
  map.col = {"key tile", "", false};
  map.rows = tile_count(p.query.rows(), p.block_m);
  map.cols = tile_count(p.key.rows(), p.block_n);
  for (std::int64_t i = 0; i < map.rows; ++i) {
    for (std::int64_t j = 0; j < map.cols; ++j) {
      const TileUse use =
          use_of(test, i * p.block_m, std::min(p.query.rows(), (i + 1) * p.block_m), j * p.block_n,
                 std::min(p.key.rows(), (j + 1) * p.block_n), p.key.rows() - p.query.rows());
      map.values.push_back(use == TileUse::skipped  ? std::numeric_limits<float>::quiet_NaN()
                           : use == TileUse::masked ? 1.0F
                                                    : 2.0F);
    }
  }
  map.provenance = counted_by("the causal test, asked for every tile");
  return map;
}

/// Gradients with D taken as printed: one entry per column of O, D_c = sum_i (dO * O)_ic. It fits dP only
/// when N = d; then nothing complains and dS is wrong. Returns the relative error of dQ.
double wrong_shape_error(std::int64_t d, std::uint64_t seed, const Progress& progress) {
  const AttentionInput in = synthetic_inputs().front().make({1, d, d, d, seed}, progress);
  const AttentionInput other = synthetic_inputs().front().make({1, d, d, d, seed + 1}, progress);
  const RowMatrix<double> q = head(in.query, 0).cast<double>(), k = head(in.key, 0).cast<double>(),
                          v = head(in.value, 0).cast<double>();
  const RowMatrix<double> d_out = head(other.value, 0).cast<double>();
  const double scale = scale_of(in);
  const Tensor<double> weights = attention_weights(in.query.cast<double>(), in.key.cast<double>());
  const RowMatrix<double> p = head(weights, 0), o = p * v, dp = d_out * v.transpose();
  const Eigen::VectorXd right = (d_out.array() * o.array()).rowwise().sum().matrix();
  const Eigen::RowVectorXd printed = (d_out.array() * o.array()).colwise().sum().matrix();
  const RowMatrix<double> ds_right = (p.array() * (dp.colwise() - right).array()).matrix();
  const RowMatrix<double> ds_printed = (p.array() * (dp.rowwise() - printed).array()).matrix();
  return rel_l2(RowMatrix<double>(scale * ds_printed * k), RowMatrix<double>(scale * ds_right * k));
}

}  // namespace

Result run_bug_mask(const ParamSet& params, const Context& context) {
  const std::int64_t n = params.integer(kTrapLength), block = params.integer(kTrapBlockN);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  Head head(context, n, params.integer(kHeadDim), true, seed);
  head.set_mask(true);
  TileProblem p = head.problem(block, block);
  const RowMatrix<double> truth = head.truth();
  const TileRun<float> right = run_tiles<float>(p);
  const Heatmap right_map = weights_seen(p, CausalTest::greater, "test_right",
                                         "Right: no mask where rows are all greater than columns");
  p.causal_test = CausalTest::printed_less;
  const TileRun<float> printed = run_tiles<float>(p);
  const std::int64_t rows = head.seq_len(), keys = head.key_len();
  double allowed = 0;
  for (std::int64_t row = 0; row < rows; ++row) {
    allowed += static_cast<double>(std::clamp<std::int64_t>(row + 1 + keys - rows, 0, keys));
  }
  const double future = static_cast<double>(rows * keys) - allowed;
  const double right_leaks = static_cast<double>(right.counters.pairs) - allowed;
  const double leaks = static_cast<double>(printed.counters.pairs) - allowed;
  const double tiles = static_cast<double>(tile_count(rows, block));
  const double shape_error = wrong_shape_error(32, seed, context.progress);
  Result result;
  head.describe(result, n, params.integer(kHeadDim));
  result.heatmaps = {right_map, weights_seen(p, CausalTest::printed_less, "test_printed",
                                             "As printed: no mask where rows are all less than columns")};
  const Provenance here = measured_here("float against double"),
                   counted = counted_by("pairs whose weight entered a sum");
  result.tables = {
      {"shape_of_d",
       "D = rowsum(dO * O) has one entry per query",
       "As printed in Algorithm 2, line 4, D has one entry per column of O.",
       {"declaration", "entries", "fits dP - D with N = 48, d = 32?", "fits with N = d = 32?"},
       {{Cell::words("D in R^N"), Cell::words("N"), Cell::words("yes"), Cell::words("yes, dQ right")},
        {Cell::words("D in R^d, as printed"), Cell::words("d"), Cell::words("no: 48 rows against 32 entries"),
         Cell::words(text("yes, and dQ is wrong: relative error ", format_value(shape_error, "")))}}}};
  result.scalars = {
      scalar("error_right", "right test: error", rel_l2(right.o, truth), "error", here),
      scalar("error_printed", "as printed: error", rel_l2(printed.o, truth), "error", here),
      scalar("leaks", "pairs that look into the future, as printed", leaks, "count", counted),
      scalar("leak_share", "their share of all future pairs", leaks / std::max(1.0, future), "", counted),
      scalar("shape_error", "error of dQ with D in R^d at N = d = 32", shape_error, "error",
             measured_here("double"))};
  // Tiles strictly above the diagonal hold block^2 future pairs each when block divides N.
  const bool even = rows == keys && rows % block == 0 && tiles >= 2;
  const double expected = tiles * (tiles - 1) / 2 * static_cast<double>(block * block);
  result.checks = {
      check_exactly("pass_no_leak", "right test: no pair looks into the future", right_leaks, 0, counted),
      check_at_most("pass_right", "right test: error <= 5e-6", rel_l2(right.o, truth), kT32, here),
      check_between("pass_wrong_shape", "D in R^d at N = d: silent, and dQ is off by more than 1 %",
                    shape_error, 0.01, std::numeric_limits<double>::max(), measured_here("double"))};
  add_where(result, even, "a tile side that divides N, two tiles or more",
            check_exactly("pass_leaks", "as printed: every pair of every tile above the diagonal leaks",
                          leaks, expected, counted));
  return result;
}

}  // namespace alab::flash_tiling
