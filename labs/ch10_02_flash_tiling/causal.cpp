// Which tiles a causal mask leaves: the count, the map, and what the count does to the clock.
// Source: FlashAttention-2, arXiv:2307.08691, 3.1.1 (causal masking).
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"
#include "reference/flash_counts.hpp"

namespace alab::flash_tiling {
namespace {

constexpr std::int64_t kTimedRows = 512;  // the clock runs on at most so many tokens, to keep the run short

Counters count_causal(std::int64_t tiles, std::int64_t side) {
  const ShapeOnly shape(tiles * side, 16);
  TileProblem p = shape.problem(side, side, LoopOrder::fa2);
  p.causal = true;
  return run_tiles<float>(p).counters;
}

double fraction_of(const Counters& c, std::int64_t tiles) {
  return static_cast<double>(c.tiles_computed()) / static_cast<double>(tiles * tiles);
}

Heatmap causal_map(std::int64_t tiles) {
  Heatmap map;
  map.key = "tiles_map";
  map.title =
      text("T = ", tiles, ": ", tiles * (tiles + 1) / 2, " of ", tiles * tiles, " tiles are computed");
  map.note =
      "2: computed without a mask. 1: on the diagonal, computed whole and half thrown away. Blank: skipped.";
  map.value_label = "tile";
  map.row = {"query tile", "", false};
  map.col = {"key tile", "", false};
  map.rows = map.cols = tiles;
  for (std::int64_t i = 0; i < tiles; ++i) {
    for (std::int64_t j = 0; j < tiles; ++j) {
      map.values.push_back(j > i ? std::numeric_limits<float>::quiet_NaN() : j == i ? 1.0F : 2.0F);
    }
  }
  map.provenance = counted_by("the tile loop's causal test");
  return map;
}

struct Times {
  double full = 0, causal = 0;
  std::int64_t tiles = 0;
};
Times time_both(std::int64_t tiles, std::int64_t side, const Context& context, std::uint64_t seed) {
  const std::int64_t fit = std::max<std::int64_t>(1, std::min(tiles, kTimedRows / side));
  const AttentionInput in = synthetic_inputs().front().make({1, fit * side, 64, 64, seed}, context.progress);
  TileProblem p{.query = head(in.query, 0),
                .key = head(in.key, 0),
                .value = head(in.value, 0),
                .softmax_scale = scale_of(in),
                .block_m = side,
                .block_n = side};
  const auto clock = [&] {
    return median_time([&] { keep(run_tiles<float>(p).o.data()); }, context.progress, 0.05).seconds;
  };
  Times out;
  out.tiles = fit;
  out.full = clock();
  p.causal = true;
  out.causal = clock();
  return out;
}

}  // namespace

Result run_causal(const ParamSet& params, const Context& context) {
  const std::int64_t tiles = params.integer(kTileCount), side = params.integer(kTileSide);
  const Provenance counted = counted_by("tiles visited by the loop"), rule = modelled_by("(T + 1) / 2T");
  std::vector<double> ts, fractions, rules, gains;
  double worst = 0;
  for (std::int64_t t = 1; t <= 64; ++t) {
    context.progress.step(static_cast<double>(t) / 128, "counting tiles");
    const double fraction = fraction_of(count_causal(t, side), t);
    ts.push_back(static_cast<double>(t));
    fractions.push_back(fraction);
    rules.push_back(causal_tile_fraction(t));
    gains.push_back(1 / fraction);
    worst = std::max(worst, std::abs(fraction - rules.back()));
  }
  const Counters mine = count_causal(tiles, side);
  const double fraction = fraction_of(mine, tiles);
  const Times times =
      time_both(tiles, side, context, static_cast<std::uint64_t>(params.integer(params::seed)));
  const double measured = times.full / times.causal;
  Result result;
  Plot plot{"share",
            "The share of computed tiles falls towards one half and never reaches it",
            "Counted from the loop; the line is (T + 1) / 2T.",
            {"tiles per side T", "", true},
            {"computed tiles / all tiles", "", false},
            {}};
  plot.series.push_back(plain("counted", "counted", ts, fractions, counted, SeriesStyle::markers));
  plot.series.push_back(plain("rule", "(T + 1) / 2T", ts, rules, rule));
  plot.series.push_back(level("half", "one half", 1, 64, 0.5, modelled_by("limit for many tiles")));
  Plot gain{"gain",
            "Skipping alone gives 2T / (T + 1), below 2",
            "All tiles over computed tiles; the point is the clock on this CPU.",
            {"tiles per side T", "", true},
            {"speed-up", "x", false},
            {}};
  gain.series.push_back(plain("by_count", "by tile count", ts, gains, counted));
  gain.series.push_back(plain("by_clock", "by the clock, tile loop", {static_cast<double>(times.tiles)},
                              {measured}, measured_here("clock, float tile loop, 1 thread"),
                              SeriesStyle::markers));
  gain.series.push_back(
      level("paper_low", "1.7x, printed for A100", 1, 64, 1.7, paper_says("FlashAttention-2, 3.1.1")));
  gain.series.push_back(
      level("paper_high", "1.8x, printed for A100", 1, 64, 1.8, paper_says("FlashAttention-2, 3.1.1")));
  result.plots = {std::move(plot), std::move(gain)};
  result.heatmaps = {causal_map(tiles)};
  const double timed_rule = 1 / causal_tile_fraction(times.tiles);
  result.scalars = {
      scalar("fraction", "share of tiles computed", fraction, "", counted),
      scalar("by_count", "speed-up by tile count", 1 / fraction, "ratio", counted),
      scalar("masked_share", "diagonal tiles among the computed",
             static_cast<double>(mine.tiles_masked) / static_cast<double>(mine.tiles_computed()), "",
             counted),
      scalar("by_clock", "speed-up by the clock", measured, "ratio",
             measured_here("clock, float tile loop, 1 thread")),
      scalar("clock_tiles", "tiles per side in the timed run", static_cast<double>(times.tiles), "count",
             counted),
      scalar("timed_rule", "speed-up by count in the timed run", timed_rule, "ratio", rule)};
  result.checks = {
      check_exactly("pass_fractions",
                    "counted share equals (T + 1) / 2T for T = 1 .. 64 (largest difference)", worst, 0,
                    counted),
      check_exactly("pass_chosen", "your T: the same", fraction, causal_tile_fraction(tiles), counted),
      as_lamp(check_between("pass_clock", "the clock stays between no gain and the count's gain + 25 %",
                            measured, 1, 1.25 * timed_rule,
                            measured_here("clock, float tile loop, 1 thread")))};
  return result;
}

}  // namespace alab::flash_tiling
