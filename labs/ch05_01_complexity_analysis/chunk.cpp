// What the chunk size trades: FLOPs grow with it, states written to memory shrink, and only whole tiles reach
// the tensor cores. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_01_complexity_analysis/costs.hpp"
#include "labs/ch05_01_complexity_analysis/experiments.hpp"
#include "labs/ch05_01_complexity_analysis/params.hpp"
#include "reference/complexity.hpp"
#include "reference/linear_attention.hpp"

namespace alab::complexity {
namespace {

constexpr double kHalf = 2;         // bytes of an fp16 element
constexpr double kTensorTile = 16;  // a tensor core multiplies tiles of at least 16 rows
constexpr std::int64_t kTimedTokens = 1024;

struct Sweep {
  std::vector<double> chunks, flops, formula, largest, intensity, seconds;
  double useful = 0;  ///< smallest C at the ridge, or N
  double best = 0;    ///< C of the smallest modelled time
  bool reached = false;
};

Sweep sweep(const Shape& at, const RooflineDevice& gpu, const Progress& progress) {
  Sweep out;
  Shape s = at;
  const auto n = static_cast<double>(s.seq_len), d = static_cast<double>(s.head_dim);
  const double ridge = ridge_point(gpu, RooflinePrecision::fp16);
  double best_seconds = 0;
  for (double c = 1; c <= n; c *= 2) {
    progress.step(c / n, text("counting chunks of ", c));
    s.chunk_size = static_cast<std::int64_t>(c);
    const FormCost cost = count(Form::chunkwise, s);
    const double bytes = kHalf * cost.elements;
    const RooflinePrecision units = c >= kTensorTile ? RooflinePrecision::fp16 : RooflinePrecision::fp32;
    const double seconds = modelled_seconds(gpu, units, cost.products, bytes);
    out.chunks.push_back(c);
    out.flops.push_back(cost.products);
    out.formula.push_back(chunkwise_flops(n, c, d, d));
    out.largest.push_back(cost.largest);
    out.intensity.push_back(cost.products / bytes);
    out.seconds.push_back(seconds);
    if (!out.reached && out.intensity.back() >= ridge) {
      out.reached = true;
      out.useful = c;
    }
    if (best_seconds == 0 || seconds < best_seconds) {
      best_seconds = seconds;
      out.best = c;
    }
  }
  out.useful = out.reached ? out.useful : n;
  return out;
}

struct Timed {
  std::vector<double> chunks, seconds;
  double worst_error = 0;
};

/// Runs the form itself on this CPU for every chunk size and holds each against the recurrence in double.
Timed time_chunks(const OneHead& head, int repeats, const Progress& progress) {
  const RowMatrix<float> phi_q = features("elu1", head.query), phi_k = features("elu1", head.key);
  const auto wide = [](const RowMatrix<float>& x) { return as_head<double>(x.cast<double>()); };
  const LinearAttentionProblem<double> problem{wide(phi_q), wide(phi_k), wide(head.value)};
  const auto reference = linear_attention_recurrent(problem, {.normalize = false}, progress).output;
  const RowMatrix<double> truth = alab::head(reference, 0);
  const auto in = Operands<float>::of(phi_q, phi_k, head.value);
  Timed out;
  for (const double c : doublings(1, static_cast<double>(in.seq_len))) {
    progress.step(c / static_cast<double>(in.seq_len), text("timing chunks of ", c));
    WorkMeter work;
    const auto chunk = static_cast<std::int64_t>(c);
    const double error = rel_l2(chunkwise_form(in, chunk, work), truth);
    out.worst_error = error <= out.worst_error ? out.worst_error : error;
    out.chunks.push_back(c);
    out.seconds.push_back(
        median_time([&] { keep(chunkwise_form(in, chunk, work).data()); }, progress, 0.01, repeats).seconds);
  }
  return out;
}

Plot chunk_plot(std::string key, std::string title, std::string note, Axis y) {
  return {
      std::move(key), std::move(title), std::move(note), {"chunk size C", "tokens", true}, std::move(y), {}};
}

std::vector<Plot> plots_of(const Sweep& s, const Timed& t, const RooflineDevice& gpu, double chosen,
                           const Provenance& counted, const Provenance& clock) {
  const double first = s.chunks.front(), last = s.chunks.back(),
               ridge = ridge_point(gpu, RooflinePrecision::fp16);
  Plot intensity = chunk_plot(
      "intensity",
      s.reached ? text("C = ", s.useful, " is the first that reaches the balance of an ", gpu.name)
                : text("No C up to N reaches the balance of an ", gpu.name),
      "FLOPs per byte in fp16, states stored per chunk; below the dashed line memory is the limit.",
      {"arithmetic intensity", "FLOP/B", true});
  intensity.series = {
      plain("intensity", "chunkwise", s.chunks, s.intensity, counted, SeriesStyle::line_and_markers),
      level("ridge", text("machine balance, ", gpu.name), first, last, ridge, modelled_by("F / W, fp16"))};
  Plot flops =
      chunk_plot("flops", "FLOPs are fewest at C = 1 and grow once C passes the head dimension",
                 "Whole blocks are charged inside a chunk, as the formula does.", {"FLOPs", "", true});
  flops.series = {plain("flops", "counted", s.chunks, s.flops, counted, SeriesStyle::line_and_markers),
                  plain("formula", "2 N C (m + d) + 4 N m d", s.chunks, s.formula,
                        modelled_by("2 N C (m + d) + 4 N m d"), SeriesStyle::dashed)};
  Plot largest = chunk_plot("largest", "The largest temporary: the state, until C x C scores outgrow it",
                            "Elements of the largest array the form holds at a time.",
                            {"largest temporary", "elements", true});
  largest.series = {plain("largest", "counted", s.chunks, s.largest, counted, SeriesStyle::line_and_markers)};
  Plot seconds =
      chunk_plot("modelled_time", text("Modelled on an ", gpu.name, ": fastest at C = ", s.best),
                 "The longer of FLOPs / F and bytes / W; tensor cores from C = 16 on. No launches, "
                 "no limit of shared memory.",
                 {"time of one head", "seconds", true});
  const Provenance model = modelled_by("max(FLOPs / F, bytes / W)");
  seconds.series = {plain("modelled", "model", s.chunks, s.seconds, model, SeriesStyle::line_and_markers)};
  for (std::size_t i = 0; i < s.chunks.size(); ++i) {
    if (s.chunks[i] == chosen) {
      seconds.series.push_back(
          plain("chosen", "your chunk size", {s.chunks[i]}, {s.seconds[i]}, model, SeriesStyle::markers));
    }
  }
  Plot cpu = chunk_plot("cpu_time", "On this CPU, too, neither end is the fastest",
                        "Median wall time of the chunkwise form on the current input, float, one thread.",
                        {"time of one head", "seconds", true});
  cpu.series = {plain("cpu", "this CPU", t.chunks, t.seconds, clock, SeriesStyle::line_and_markers)};
  return {intensity, flops, largest, seconds, cpu};
}

}  // namespace

Result run_chunk(const ParamSet& params, const Context& context) {
  context.progress.step(0, "counting");
  Shape s;
  s.seq_len = params.integer(kChunkLength);
  s.head_dim = s.feature_dim = params.integer(kHeadDim);
  const RooflineDevice& gpu = roofline_devices()[static_cast<std::size_t>(params.choice(kGpu))];
  const OneHead head = one_head(context, std::min(kTimedTokens, s.seq_len), s.head_dim,
                                static_cast<std::uint64_t>(params.integer(params::seed)));
  const Sweep counted_sweep = sweep(s, gpu, context.progress.part(0, 0.1));
  const int repeats = context.quick ? 1 : 3;
  const Timed timed = time_chunks(head, repeats, context.progress.part(0.1, 1));
  const Provenance counted = counted_by("meter on every product, load and store of the form"),
                   clock = clocked(repeats), model = modelled_by("max(FLOPs / F, bytes / W)");
  Result result;
  result.quick = context.quick ? kOneRunEach : "";
  describe(result, head);
  result.plots = plots_of(counted_sweep, timed, gpu, params.real(kChunk), counted, clock);
  const auto fastest = std::ranges::min_element(timed.seconds) - timed.seconds.begin();
  const double at_one = counted_sweep.flops.front(),
               at_useful =
                   chunkwise_flops(static_cast<double>(s.seq_len), counted_sweep.useful,
                                   static_cast<double>(s.feature_dim), static_cast<double>(s.head_dim));
  result.scalars = {
      scalar("useful_chunk", "smallest C at the machine balance (N: none)", counted_sweep.useful, "count",
             counted),
      scalar("fastest_modelled", "C of the smallest modelled time", counted_sweep.best, "count", model),
      scalar("fastest_cpu", "C of the smallest time on this CPU",
             timed.chunks[static_cast<std::size_t>(fastest)], "count", clock),
      scalar("flops_one", "FLOPs at C = 1", at_one, "count", counted),
      scalar("flops_growth", "FLOPs at the useful C over those at C = 1", at_useful / at_one, "ratio",
             counted),
      scalar("intensity_one", "intensity at C = 1", counted_sweep.intensity.front(), "", counted, "FLOP/B"),
      scalar("ridge", "machine balance", ridge_point(gpu, RooflinePrecision::fp16), "", modelled_by("F / W"),
             "FLOP/B")};
  bool equal = true;
  for (std::size_t i = 0; i < counted_sweep.chunks.size(); ++i) {
    const bool divides = s.seq_len % static_cast<std::int64_t>(counted_sweep.chunks[i]) == 0;
    equal = equal && (!divides || counted_sweep.flops[i] == counted_sweep.formula[i]);
  }
  const auto fewest = std::ranges::min_element(counted_sweep.flops) - counted_sweep.flops.begin();
  result.checks = {
      check_exactly("formula",
                    "counted FLOPs equal 2 N C (m + d) + 4 N m d at every C that divides N (1 = yes)",
                    equal ? 1 : 0, 1, counted),
      check_exactly("fewest_at_one", "FLOPs are fewest at this C",
                    counted_sweep.chunks[static_cast<std::size_t>(fewest)], 1, counted),
      check_at_most("forms_t32", "every C gives the recurrence's output: relL2 <= 5e-6", timed.worst_error,
                    kFloatTolerance, measured_here("float against double"))};
  return result;
}

}  // namespace alab::complexity
