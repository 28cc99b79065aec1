// Dense against tiled on the same head: the same numbers from another order of summation; and the attention
// map. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"

namespace alab::flash_tiling {
namespace {

/// |tiled - truth| per element of the output, on a log10 scale that starts at the smallest float.
Heatmap error_map(const RowMatrix<float>& got, const RowMatrix<double>& truth, const Head& of) {
  Heatmap map;
  map.key = "error_map";
  map.title = "The difference is rounding, spread over all of O";
  map.note = "log10 of |tiled - dense in double| per element of O; a bug would draw stripes at tile borders.";
  map.value_label = "log10 |error|";
  map.row = {"query", of.input().tokens.empty() ? "position" : "token", false};
  map.col = {"column of O", "element", false};
  map.rows = got.rows();
  map.cols = got.cols();
  map.row_labels = token_labels(of.input(), map.rows);
  for (std::int64_t i = 0; i < map.rows; ++i) {
    for (std::int64_t c = 0; c < map.cols; ++c) {
      const double error = std::abs(static_cast<double>(got(i, c)) - truth(i, c));
      map.values.push_back(static_cast<float>(std::log10(std::max(error, 1e-12))));
    }
  }
  map.provenance = measured_here("float tiles against dense double");
  return map;
}

struct Variant {
  std::string key, name;
  double error = 0;
  Counters counters;
};

std::vector<Cell> row_of(const Variant& v, std::int64_t n, std::int64_t m) {
  const Provenance counted = counted_by("the tile loop");
  return {Cell::words(v.name),
          Cell::number(v.error, "error", measured_here("float against double")),
          Cell::number(static_cast<double>(v.counters.matmul_flops), "count", counted),
          Cell::number(static_cast<double>(v.counters.exps), "count", counted),
          Cell::number(static_cast<double>(v.counters.rescales), "count", counted),
          Cell::number(static_cast<double>(v.counters.tiles_computed()), "count", counted),
          Cell::number(static_cast<double>(v.counters.peak_chip) / static_cast<double>(n * m), "ratio",
                       counted_by("largest set of tiles held at once"))};
}

/// The error for tile widths 1, 2, 4 ... N at the chosen block_m.
Plot error_against_width(const Head& head, std::int64_t block_m, const RowMatrix<double>& truth, double dense,
                         const Progress& progress) {
  Plot plot{"width",
            "No tile width changes the answer",
            "Error of the tiled form against double precision for each block_n; the level line is the dense "
            "form in float.",
            {"block_n", "columns", true},
            {"relative error", "", true},
            {}};
  std::vector<double> xs, ys;
  for (std::int64_t width = 16; width <= std::max<std::int64_t>(16, head.key_len()); width *= 2) {
    progress.step(0.3 + 0.6 * static_cast<double>(width) / static_cast<double>(head.key_len() + 16),
                  "tile widths");
    xs.push_back(static_cast<double>(width));
    ys.push_back(rel_l2(run_tiles<float>(head.problem(block_m, width)).o, truth));
  }
  plot.series.push_back(plain("tiled", "tiled, FA-2 order", xs, ys, measured_here("float against double"),
                              SeriesStyle::line_and_markers));
  plot.series.push_back(level("dense", "dense in float", xs.front(), std::max(xs.back(), 2 * xs.front()),
                              dense, measured_here("float against double")));
  plot.series.push_back(level("bound", "bound 5e-6", xs.front(), std::max(xs.back(), 2 * xs.front()), kT32,
                              modelled_by("single precision, other order of summation")));
  return plot;
}

}  // namespace

Result run_exactness(const ParamSet& params, const Context& context) {
  const Head head(context, params.integer(kLength), params.integer(kHeadDim), params.flag(params::causal),
                  static_cast<std::uint64_t>(params.integer(params::seed)));
  const std::int64_t bm = params.integer(kBlockM), bn = params.integer(kBlockN), n = head.seq_len(),
                     m = head.key_len();
  context.progress.step(0.1, "dense form in double");
  const RowMatrix<double> truth = head.truth();
  const double dense_error = rel_l2(head.dense_f32(), truth);
  const TileRun<float> fa2 = run_tiles<float>(head.problem(bm, bn, LoopOrder::fa2));
  const TileRun<float> fa1 = run_tiles<float>(head.problem(bm, bn, LoopOrder::fa1));
  const Variant one_tile{"dense", "dense (one tile of N x N)", dense_error,
                         run_tiles<float>(head.problem(n, m, LoopOrder::fa2)).counters};
  const Variant v1{"fa1", "tiled, FA-1 order", rel_l2(fa1.o, truth), fa1.counters};
  const Variant v2{"fa2", "tiled, FA-2 order", rel_l2(fa2.o, truth), fa2.counters};

  Result result;
  head.describe(result, params.integer(kLength), params.integer(kHeadDim));
  result.tables.push_back({"forms",
                           "Same output, same matmul work, less memory on chip",
                           "FLOPs of the two products; exponentials and rescales are what tiling adds.",
                           {"form", "error against double", "matmul FLOPs", "exponentials",
                            "rescale multiplies", "tiles", "on chip / N^2"},
                           {row_of(one_tile, n, m), row_of(v1, n, m), row_of(v2, n, m)}});
  result.plots.push_back(error_against_width(head, bm, truth, dense_error, context.progress));
  result.heatmaps.push_back(error_map(fa2.o, truth, head));
  const Provenance counted = counted_by("2 per multiply-add in the tile loop");
  const double ratio =
      static_cast<double>(fa2.counters.matmul_flops) / static_cast<double>(one_tile.counters.matmul_flops);
  const double extra = static_cast<double>(v2.counters.exps + v2.counters.rescales - one_tile.counters.exps -
                                           one_tile.counters.rescales);
  result.scalars = {
      scalar("error_fa2", "error of the tiled form", v2.error, "error",
             measured_here("float against double")),
      scalar("error_fa1", "error in FA-1 order", v1.error, "error", measured_here("float against double")),
      scalar("error_dense", "error of the dense form in float", dense_error, "error",
             measured_here("float against double")),
      scalar("flop_ratio", "matmul FLOPs, tiled over dense", ratio, "ratio", counted),
      scalar("extra", "extra exponentials and multiplies", extra, "count", counted)};
  result.checks = {check_at_most("pass_tiled_error", "tiled equals dense: relative error <= 5e-6",
                                 std::max(v1.error, v2.error), kT32, measured_here("float against double"))};
  if (!head.causal()) {
    result.checks.push_back(
        check_exactly("pass_same_flops", "tiling leaves the matmul FLOPs alone", ratio, 1, counted));
  }
  return result;
}

Result run_map(const ParamSet& params, const Context& context) {
  const Head head(context, params.integer(kMapLength), params.integer(kHeadDim), params.flag(params::causal),
                  static_cast<std::uint64_t>(params.integer(params::seed)));
  Result result;
  head.describe(result, params.integer(kMapLength), params.integer(kHeadDim));
  context.progress.step(0.2, "scores");
  Heatmap map = attention_map(head.input(), 0, "attention");
  double first = 0, entropy = 0, seen_rows = 0, strongest = -1;
  std::int64_t strong_i = 0, strong_j = 0;
  for (std::int64_t i = 0; i < map.rows; ++i) {
    for (std::int64_t j = 0; j < map.cols; ++j) {
      const double w = static_cast<double>(map.values[static_cast<std::size_t>(i * map.cols + j)]);
      if (w > 0) {
        entropy -= w * std::log2(w);
        first += j == 0 ? w : 0;
        if (w > strongest && j > 0 && i != j) {
          strongest = w;
          strong_i = i;
          strong_j = j;
        }
      }
    }
    seen_rows += 1;
  }
  map.title = strongest < 0 ? std::string("Attention weights")
                            : text("Strongest look past the first token: ", head.token(strong_i), " at ",
                                   head.token(strong_j), ", ", format_value(strongest, ""));
  const Provenance here = measured_here("softmax in double");
  result.scalars = {
      scalar("first_share", "mean weight on the first token", first / seen_rows, "", here),
      scalar("entropy", "mean entropy of a row", entropy / seen_rows, "", here, "bits"),
      scalar("strongest", "largest weight past the first token", std::max(strongest, 0.0), "", here)};
  double worst = 0;
  for (std::int64_t i = 0; i < map.rows; ++i) {
    double sum = 0;
    for (std::int64_t j = 0; j < map.cols; ++j) {
      const double w = static_cast<double>(map.values[static_cast<std::size_t>(i * map.cols + j)]);
      sum += std::isnan(w) ? 0 : w;
    }
    worst = std::max(worst, sum > 0 ? std::abs(sum - 1) : 0);
  }
  result.checks = {
      check_at_most("pass_rows_sum", "every row that sees a key sums to 1 within 1e-5", worst, 1e-5, here)};
  result.heatmaps.push_back(std::move(map));
  return result;
}

}  // namespace alab::flash_tiling
