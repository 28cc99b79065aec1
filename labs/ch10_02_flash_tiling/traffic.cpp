// HBM accesses against on-chip memory: the theorem's line counted, the crossover with the three-kernel form,
// and what block sparsity saves. Source: FlashAttention, arXiv:2205.14135, Algorithm 1, Theorem 2,
// Propositions 3, 4. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/ch10_02_flash_tiling/kernel_traffic.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"
#include "reference/flash_counts.hpp"

namespace alab::flash_tiling {
namespace {

double number_of(const ParamSet& params, const Param& choice) {
  return std::stod(std::string(params.option(choice)));
}

/// Accesses of Algorithm 1 with M elements on chip, initial writes of O, l, m not counted.
Counters count_fa1(std::int64_t n, std::int64_t d, std::int64_t sram) {
  const TilePlan sides = fa1_plan(sram, d);
  return run_tiles<float>(ShapeOnly(n, d).problem(sides.block_m, sides.block_n, LoopOrder::fa1)).counters;
}

/// FA-2's order with the largest square tiles whose Q, K, V and O fit: B = M / 4d.
Counters count_fa2(std::int64_t n, std::int64_t d, std::int64_t sram) {
  const std::int64_t side = std::clamp<std::int64_t>(sram / (4 * d), 1, n);
  return run_tiles<float>(ShapeOnly(n, d).problem(side, side, LoopOrder::fa2)).counters;
}

double as_double(std::int64_t count) {
  return static_cast<double>(count);
}

const Provenance& loop_count() {
  static const Provenance source = counted_by("the copies of the tile loop, initial writes left out");
  return source;
}

/// Accesses of Algorithm 1 for M = 4d, 8d, ... up to N d / 2.
struct Sweep {
  std::vector<double> sram, accesses, ratios, chip;
};
Sweep sweep_sram(std::int64_t n, std::int64_t d, const Progress& progress) {
  Sweep out;
  for (std::int64_t m = 4 * d; m <= n * d / 2; m *= 2) {
    progress.step(as_double(m) / as_double(n * d / 2), text("counting with M = ", m));
    const Counters counted = count_fa1(n, d, m);
    out.sram.push_back(as_double(m));
    out.accesses.push_back(as_double(counted.accesses()));
    out.ratios.push_back(as_double(counted.accesses()) * as_double(m) /
                         (as_double(n * n) * as_double(d * d)));
    out.chip.push_back(as_double(counted.peak_chip) / as_double(m));
  }
  return out;
}

Plot accesses_plot(std::int64_t n, std::int64_t d, const Sweep& sweep) {
  Plot plot{"accesses",
            "",
            "Each point is one run of Algorithm 1's loops with a counter on every copy.",
            {"on-chip memory M", "elements", true},
            {"HBM accesses", "elements", true},
            {}};
  std::vector<double> theorem;
  for (const double m : sweep.sram) {
    theorem.push_back(12 * as_double(n * n) * as_double(d * d) / m);
  }
  plot.series.push_back(fitted("counted", "Algorithm 1", sweep.sram, sweep.accesses, loop_count()));
  plot.series.push_back(fitted("theorem", "12 N^2 d^2 / M", sweep.sram, theorem,
                               modelled_by("12 N^2 d^2 / M, the line of Theorem 2 with its constant"),
                               SeriesStyle::dashed));
  plot.series.push_back(level("standard", "three kernels: 4 N^2 + 4 N d", sweep.sram.front(),
                              sweep.sram.back(), 4 * as_double(n * n) + 4 * as_double(n * d),
                              modelled_by("4 N^2 + 4 N d")));
  plot.title = text("Twice the memory, half the traffic: slope ", format_value(plot.series[0].slope, ""));
  return plot;
}

}  // namespace

Result run_hbm(const ParamSet& params, const Context& context) {
  const auto n = static_cast<std::int64_t>(number_of(params, kPowerLength));
  const auto d = static_cast<std::int64_t>(number_of(params, kPowerDim));
  const Sweep sweep = sweep_sram(n, d, context.progress);
  Result result;
  result.plots.push_back(accesses_plot(n, d, sweep));
  Plot ratio{"ratio",
             "The constant of the theorem lies between 12 and 13.5",
             "Counted accesses divided by N^2 d^2 / M; a flat line is the theorem.",
             {"on-chip memory M", "elements", true},
             {"accesses / (N^2 d^2 / M)", "", false},
             {}};
  ratio.series.push_back(plain("ratio_counted", "Algorithm 1", sweep.sram, sweep.ratios, loop_count(),
                               SeriesStyle::line_and_markers));
  ratio.series.push_back(
      level("low", "12", sweep.sram.front(), sweep.sram.back(), 12, modelled_by("lower bound of the band")));
  ratio.series.push_back(level("high", "13.5", sweep.sram.front(), sweep.sram.back(), 13.5,
                               modelled_by("upper bound of the band")));
  result.plots.push_back(std::move(ratio));
  const double slope = result.plots[0].series[0].slope;
  const auto [low, high] = std::minmax_element(sweep.ratios.begin(), sweep.ratios.end());
  const double chip = *std::max_element(sweep.chip.begin(), sweep.chip.end());
  result.scalars = {scalar("slope", "slope of accesses against M", slope, "", loop_count()),
                    scalar("halving", "accesses when M doubles", std::pow(2.0, slope), "ratio", loop_count()),
                    scalar("ratio_low", "smallest accesses / (N^2 d^2 / M)", *low, "", loop_count()),
                    scalar("ratio_high", "largest accesses / (N^2 d^2 / M)", *high, "", loop_count()),
                    scalar("chip_share", "largest on-chip use over M", chip, "ratio",
                           counted_by("sizes of the tiles held at once"))};
  result.checks = {
      check_between("pass_slope", "fitted slope against M is -1 +- 0.05", slope, -1.05, -0.95, loop_count()),
      check_between("pass_ratio_low", "accesses / (N^2 d^2 / M) never below 12", *low, 12, 13.5,
                    loop_count()),
      check_between("pass_ratio_high", "accesses / (N^2 d^2 / M) never above 13.5", *high, 12, 13.5,
                    loop_count())};
  add_kernel_traffic(result, d, context);
  return result;
}

Result run_crossover(const ParamSet& params, const Context& context) {
  const auto n = static_cast<std::int64_t>(number_of(params, kPowerLength));
  const auto d = static_cast<std::int64_t>(number_of(params, kPowerDim));
  const double bytes = number_of(params, kBytes);
  const double standard = 4 * as_double(n * n) + 4 * as_double(n * d);
  std::vector<double> srams, fa1, fa2;
  double crossing = std::nan("");
  for (std::int64_t side = 8; side * 8 <= n; side *= 2) {
    const std::int64_t m = side * 4 * d;
    context.progress.step(as_double(side) / as_double(n), "counting");
    srams.push_back(as_double(m));
    fa1.push_back(as_double(count_fa1(n, d, m).accesses()));
    fa2.push_back(as_double(count_fa2(n, d, m).accesses()));
  }
  for (std::size_t i = 1; i < srams.size(); ++i) {
    if (fa1[i - 1] > standard && fa1[i] <= standard) {  // straight line in log-log coordinates
      const double t = std::log(fa1[i - 1] / standard) / std::log(fa1[i - 1] / fa1[i]);
      crossing = srams[i - 1] * std::pow(srams[i] / srams[i - 1], t);
    }
  }
  const double rule = 3 * as_double(d * d), marked = as_double(params.real(kSramKib) * 1024 / bytes);
  Result result;
  Plot plot{"crossover",
            text("Algorithm 1 wins above M = ", format_value(crossing, "count"), " elements"),
            "Where the falling line dips under the level one, tiling moves less than three kernels do.",
            {"on-chip memory M", "elements", true},
            {"HBM accesses", "elements", true},
            {}};
  plot.series.push_back(fitted("fa1", "Algorithm 1 (keys outside)", srams, fa1, loop_count()));
  plot.series.push_back(fitted("fa2", "FA-2 order (queries outside)", srams, fa2, loop_count()));
  plot.series.push_back(level("standard", "three kernels", srams.front(), srams.back(), standard,
                              modelled_by("4 N^2 + 4 N d")));
  plot.series.push_back(plain("marked", "your on-chip memory", {marked, marked}, {fa2.back(), fa1.front()},
                              modelled_by("sram_kib x 1024 / element_bytes"), SeriesStyle::dashed));
  result.plots.push_back(std::move(plot));
  const double fa1_marked = 12 * as_double(n * n) * as_double(d * d) / marked;
  result.scalars = {scalar("rule", "3 d^2", rule, "count", modelled_by("12 N^2 d^2 / M = 4 N^2"), "elements"),
                    scalar("rule_kib", "3 d^2 in KiB", rule * bytes / 1024, "",
                           modelled_by("3 d^2 x element_bytes / 1024"), "KiB"),
                    scalar("crossing", "counted crossover", crossing, "count", loop_count(), "elements"),
                    scalar("marked", "your on-chip memory", marked, "count",
                           modelled_by("sram_kib x 1024 / element_bytes"), "elements"),
                    scalar("gain", "three kernels / Algorithm 1 there", 4 * as_double(n * n) / fa1_marked,
                           "ratio", modelled_by("M / (3 d^2)")),
                    scalar("fa2_over_fa1", "FA-2 order / Algorithm 1 at the largest M",
                           fa2.back() / fa1.back(), "ratio", loop_count())};
  result.checks = {check_between("pass_crossing", "counted crossover over 3 d^2 within 8 % of 1",
                                 crossing / rule, 0.92, 1.08, loop_count())};
  return result;
}

}  // namespace alab::flash_tiling
