// Memory against N, counted from what the forms really allocate, and time against N on this CPU.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"
#include "reference/flash_attention.hpp"
#include "reference/softmax_attention.hpp"

namespace alab::flash_tiling {
namespace {

constexpr double kBytes32 = 4;

struct Footprint {
  double dense_peak = 0, tiled_peak = 0;    ///< temporaries, elements
  double dense_saved = 0, tiled_saved = 0;  ///< kept for the backward pass beyond q, k, v
};

/// Runs both forms on N tokens with a meter on every temporary.
Footprint footprint(std::int64_t n, std::int64_t d, const TilePlan& tiles, std::uint64_t seed,
                    const Progress& progress) {
  const AttentionInput in = synthetic_inputs().front().make({1, n, d, d, seed}, progress);
  AllocationMeter dense_meter, tiled_meter;
  AttentionOptions options;
  options.meter = &dense_meter;
  keep(softmax_attention(in.query, in.key, in.value, options, {}, progress).output.data());
  FlashOptions flash;
  flash.tiles = tiles;
  flash.meter = &tiled_meter;
  const FlashOutput<float> out = flash_attention_fa2(in.query, in.key, in.value, flash, {}, progress);
  const Tensor<float> weights = attention_weights(in.query, in.key);
  return {static_cast<double>(dense_meter.peak()), static_cast<double>(tiled_meter.peak()),
          static_cast<double>(weights.size()), static_cast<double>(out.output.size() + out.logsumexp.size())};
}

std::vector<double> times(const std::vector<double>& xs, double factor) {
  std::vector<double> out;
  for (const double x : xs) {
    out.push_back(x * factor);
  }
  return out;
}

Plot working_plot(const std::vector<double>& ns, const std::vector<double>& dense,
                  const std::vector<double>& tiled, const TilePlan& tiles, double d) {
  Plot plot{"working",
            "Dense needs N^2 scratch; the tiled form needs the same few tiles at every N",
            "Peak of the temporaries of one head, forward, float; inputs and output not counted.",
            {"sequence length N", "tokens", true},
            {"peak temporaries", "bytes", true},
            {}};
  const Provenance metered = counted_by("allocation meter on every temporary");
  std::vector<double> square, flat;
  const double bm = static_cast<double>(tiles.block_m), bn = static_cast<double>(tiles.block_n);
  for (const double n : ns) {
    square.push_back(kBytes32 * n * n);
    const double rows = std::min(bm, n), cols = std::min(bn, n);
    flat.push_back(kBytes32 * (rows * cols + rows * d + 2 * rows));
  }
  plot.series.push_back(fitted("dense", "dense, counted", ns, times(dense, kBytes32), metered));
  plot.series.push_back(fitted("tiled", "tiled, counted", ns, times(tiled, kBytes32), metered));
  plot.series.push_back(
      fitted("dense_model", "N^2 x 4 bytes", ns, square, modelled_by("4 N^2 bytes"), SeriesStyle::dashed));
  plot.series.push_back(plain("tiled_model", "one set of tiles", ns, flat,
                              modelled_by("4 (B_r B_c + B_r d + 2 B_r) bytes"), SeriesStyle::dashed));
  return plot;
}

Plot saved_plot(const std::vector<double>& ns, const std::vector<double>& dense,
                const std::vector<double>& tiled) {
  Plot plot{"saved",
            "Saved for the backward pass: N (d + 1) against N^2",
            "Elements kept beyond Q, K and V: O and L, or the weights P.",
            {"sequence length N", "tokens", true},
            {"saved", "elements", true},
            {}};
  const Provenance counted = counted_by("sizes of the arrays the forward pass hands on");
  plot.series.push_back(fitted("dense_saved", "dense: P", ns, dense, counted));
  plot.series.push_back(fitted("flash_saved", "flash: O and L", ns, tiled, counted));
  return plot;
}

}  // namespace

Result run_memory(const ParamSet& params, const Context& context) {
  const std::int64_t d = params.integer(kHeadDim);
  const TilePlan tiles{params.integer(kBlockM), params.integer(kBlockN)};
  const std::vector<double> ns = doublings(64, static_cast<double>(params.integer(kMaxLength)));
  std::vector<double> dense, tiled, dense_saved, tiled_saved;
  bool exact = true;
  for (std::size_t i = 0; i < ns.size(); ++i) {
    const auto n = static_cast<std::int64_t>(ns[i]);
    const Progress part = context.progress.part(static_cast<double>(i) / static_cast<double>(ns.size()),
                                                static_cast<double>(i + 1) / static_cast<double>(ns.size()));
    const Footprint f =
        footprint(n, d, tiles, static_cast<std::uint64_t>(params.integer(params::seed)), part);
    dense.push_back(f.dense_peak);
    tiled.push_back(f.tiled_peak);
    dense_saved.push_back(f.dense_saved);
    tiled_saved.push_back(f.tiled_saved);
    exact = exact && f.tiled_saved == static_cast<double>(saved_for_backward_flash(1, n, d)) &&
            f.dense_saved == static_cast<double>(saved_for_backward_dense(1, n, n));
  }
  Result result;
  result.plots = {working_plot(ns, dense, tiled, tiles, static_cast<double>(d)),
                  saved_plot(ns, dense_saved, tiled_saved)};
  const double dense_slope = loglog_slope(ns, dense_saved), flash_slope = loglog_slope(ns, tiled_saved);
  const Provenance metered = counted_by("allocation meter on every temporary"),
                   counted = counted_by("sizes of the arrays the forward pass hands on");
  result.scalars = {
      scalar("dense_peak", "dense temporaries at the longest N", kBytes32 * dense.back(), "bytes", metered),
      scalar("tiled_peak", "tiled temporaries at the longest N", kBytes32 * tiled.back(), "bytes", metered),
      scalar("peak_ratio", "dense over tiled", dense.back() / tiled.back(), "ratio", metered),
      scalar("dense_saved_last", "dense: saved at the longest N", dense_saved.back(), "count", counted,
             "elements"),
      scalar("flash_saved_last", "flash: saved at the longest N", tiled_saved.back(), "count", counted,
             "elements"),
      scalar("saved_ratio", "dense over flash, saved", dense_saved.back() / tiled_saved.back(), "ratio",
             counted),
      scalar("longest", "longest N", ns.back(), "count", counted, "tokens")};
  result.checks = {
      check_between("pass_flash_slope", "flash keeps N (d + 1): slope 1", flash_slope, 0.999, 1.001, counted),
      check_between("pass_dense_slope", "dense keeps N^2: slope 2", dense_slope, 1.999, 2.001, counted),
      check_exactly("pass_formula", "counts equal N (d + 1) and N^2 at every N (1 = yes)", exact ? 1 : 0, 1,
                    counted)};
  return result;
}

namespace {

struct TimedForm {
  std::string key, label;
  std::function<void(const AttentionInput&)> run;
};

}  // namespace

Result run_scaling(const ParamSet& params, const Context& context) {
  const std::int64_t d = params.integer(kHeadDim);
  const std::vector<double> ns = doublings(64, static_cast<double>(params.integer(kMaxTimed)));
  const TimedForm forms[] = {
      {"naive", "dense",
       [](const AttentionInput& in) { keep(softmax_attention(in.query, in.key, in.value).output.data()); }},
      {"blocked", "tiled (blocked)",
       [](const AttentionInput& in) {
         keep(blocked_softmax_attention(in.query, in.key, in.value).output.data());
       }},
      {"causal", "tiled, causal", [](const AttentionInput& in) {
         keep(blocked_softmax_attention(in.query, in.key, in.value, {.causal = true}).output.data());
       }}};
  std::vector<std::vector<double>> seconds(3);
  for (std::size_t i = 0; i < ns.size(); ++i) {
    const AttentionInput in = synthetic_inputs().front().make(
        {1, static_cast<std::int64_t>(ns[i]), d, d, static_cast<std::uint64_t>(params.integer(params::seed))},
        context.progress);
    for (std::size_t f = 0; f < 3; ++f) {
      const double done =
          (static_cast<double>(i) + static_cast<double>(f) / 3) / static_cast<double>(ns.size());
      context.progress.step(done, text(forms[f].label, ", N = ", ns[i]));
      seconds[f].push_back(median_time([&] { forms[f].run(in); }, context.progress.part(done, done), 0.01,
                                       context.quick ? 1 : 5)
                               .seconds);
    }
  }
  Result result;
  result.quick = context.quick ? kOneRunEach : "";
  Plot time{"time",
            "Tiling does not change the exponent: time grows as N^2",
            "Median wall time of one head, forward, float, one thread.",
            {"sequence length N", "tokens", true},
            {"time", "seconds", true},
            {}};
  const Provenance clock = measured_here("clock, Eigen, float, 1 thread");
  for (std::size_t f = 0; f < 3; ++f) {
    time.series.push_back(fitted(forms[f].key, forms[f].label, ns, seconds[f], clock));
  }
  const double last = ns.back(), flops = 4 * last * last * static_cast<double>(d),
               rate = flops / seconds[1].back();
  std::vector<double> model, dense_bytes, flash_bytes;
  const double dd = static_cast<double>(d);
  for (const double n : ns) {
    model.push_back(4 * n * n * dd / rate);
    dense_bytes.push_back(kBytes32 * (4 * n * dd + n * n));
    flash_bytes.push_back(kBytes32 * (4 * n * dd + n));
  }
  time.series.push_back(fitted("model", "4 N^2 d FLOPs at the last point's rate", ns, model,
                               modelled_by("4 N^2 d / rate, the rate from the clock"), SeriesStyle::dashed));
  Plot memory{"memory",
              "Memory: slope 2 for dense, slope 1 for tiled",
              "Q, K, V, O and what the form keeps, one head, float.",
              {"sequence length N", "tokens", true},
              {"memory", "bytes", true},
              {}};
  memory.series.push_back(
      fitted("dense_memory", "dense", ns, dense_bytes, modelled_by("4 (4 N d + N^2) bytes")));
  memory.series.push_back(
      fitted("flash_memory", "tiled", ns, flash_bytes, modelled_by("4 (4 N d + N) bytes")));
  const double slope_naive = time.series[0].slope, slope_blocked = time.series[1].slope;
  result.scalars = {
      scalar("slope_dense", "fitted slope, dense", slope_naive, "", clock),
      scalar("slope_tiled", "fitted slope, tiled", slope_blocked, "", clock),
      scalar("dense_time", "dense at the longest N", seconds[0].back(), "seconds", clock),
      scalar("tiled_time", "tiled at the longest N", seconds[1].back(), "seconds", clock),
      scalar("causal_time", "tiled, causal, at the longest N", seconds[2].back(), "seconds", clock),
      scalar("speed_up", "dense over tiled at the longest N", seconds[0].back() / seconds[1].back(), "ratio",
             clock),
      scalar("gflops", "tiled form's rate at the longest N", rate / 1e9, "", clock, "GFLOP/s")};
  result.plots = {std::move(time), std::move(memory)};
  result.checks = {
      as_lamp(check_between("pass_slope_tiled", "time of the tiled form: slope 2 +- 0.3", slope_blocked, 1.7,
                            2.3, clock)),
      as_lamp(check_between("pass_slope_dense", "time of the dense form: slope 2 +- 0.4", slope_naive, 1.6,
                            2.4, clock)),
      as_lamp(check_between("pass_faster", "the tiled form is at least as fast as dense at the longest N",
                            seconds[0].back() / seconds[1].back(), 1, 1e3, clock))};
  return result;
}

}  // namespace alab::flash_tiling
