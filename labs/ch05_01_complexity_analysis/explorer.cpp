// The crossover explorer: counted FLOPs, bytes and memory, modelled and measured times, and the printed
// tables, all against N. SPDX-License-Identifier: MIT
#include <cmath>

#include "labs/ch05_01_complexity_analysis/costs.hpp"
#include "labs/ch05_01_complexity_analysis/experiments.hpp"
#include "labs/ch05_01_complexity_analysis/lra_tables.hpp"
#include "labs/ch05_01_complexity_analysis/params.hpp"

namespace alab::complexity {
namespace {

struct Line {
  Form form;
  const char *key, *label;
};
constexpr Line kLines[] = {{Form::softmax, "softmax", "softmax, scores in memory"},
                           {Form::tiled, "tiled", "softmax, tiled"},
                           {Form::linear, "linear", "linear"},
                           {Form::chunkwise, "chunkwise", "linear, causal, chunkwise"}};
constexpr std::size_t kLineCount = std::size(kLines);

struct Columns {
  std::vector<double> flops, bytes, largest, seconds;
};
struct Grid {
  std::vector<double> ns;
  std::array<Columns, kLineCount> lines;
  std::array<FormCost, kLineCount> last;
};

Grid count_all(Shape s, double longest, const RooflineDevice& gpu, RooflinePrecision precision,
               const Progress& progress) {
  const double size = precision == RooflinePrecision::fp16 ? 2 : 4;
  Grid grid;
  grid.ns = doublings(64, longest);
  for (const double n : grid.ns) {
    progress.step(n / longest, text("counting N = ", n));
    s.seq_len = static_cast<std::int64_t>(n);
    for (std::size_t i = 0; i < kLineCount; ++i) {
      const FormCost cost = count(kLines[i].form, s);
      grid.lines[i].flops.push_back(cost.products);
      grid.lines[i].bytes.push_back(size * cost.elements);
      grid.lines[i].largest.push_back(size * cost.largest);
      grid.lines[i].seconds.push_back(modelled_seconds(gpu, precision, cost.products, size * cost.elements));
      grid.last[i] = cost;
    }
  }
  return grid;
}

struct Timed {
  std::vector<double> ns, softmax, linear;
};

Timed time_cpu(std::string_view map, const Shape& s, std::uint64_t seed, int repeats,
               const Progress& progress) {
  Timed t;
  t.ns = doublings(64, s.feature_dim > 600 ? 256 : 1024);
  const double scale = 1 / std::sqrt(static_cast<double>(s.head_dim));
  for (const double n : t.ns) {
    progress.step(n / t.ns.back(), text("timing N = ", n));
    const Operands<float> in = normal_operands(static_cast<std::int64_t>(n), s.head_dim, seed);
    const auto mapped = Operands<float>::of(features(map, in.query), features(map, in.key), in.value);
    WorkMeter work;
    t.softmax.push_back(
        median_time([&] { keep(softmax_form(in, scale, work).data()); }, progress, 0.01, repeats).seconds);
    t.linear.push_back(
        median_time([&] { keep(state_first(mapped, true, work).data()); }, progress, 0.01, repeats).seconds);
  }
  return t;
}

std::vector<double> quotient(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> out;
  for (std::size_t i = 0; i < a.size(); ++i) {
    out.push_back(a[i] / b[i]);
  }
  return out;
}

std::vector<double> four(const std::array<double, 4>& x) {
  return {x.begin(), x.end()};
}
const LraCost& printed(std::string_view method) {
  for (const LraCost& row : kLraCosts) {
    if (row.method == method) {
      return row;
    }
  }
  throw Error(text("Table 2 has no method '", method, "'"));
}

Plot against_n(std::string key, std::string title, std::string note, Axis y) {
  return {std::move(key),  std::move(title),
          std::move(note), {"sequence length N", "tokens", true},
          std::move(y),    {}};
}

Plot column_plot(const Grid& grid, std::string key, std::string title, std::string note, Axis y,
                 std::vector<double> Columns::*column, const Provenance& from) {
  Plot plot = against_n(key, std::move(title), std::move(note), std::move(y));
  for (std::size_t i = 0; i < kLineCount; ++i) {
    plot.series.push_back(
        fitted(key + "_" + kLines[i].key, kLines[i].label, grid.ns, grid.lines[i].*column, from));
  }
  return plot;
}

Plot speed_up_plot(const Grid& grid, const Timed& t, const RooflineDevice& gpu, const Provenance& counted,
                   const Provenance& model, const Provenance& clock) {
  Plot plot = against_n("speed_up", "What counts promise, what a model allows, what was measured and printed",
                        "Softmax over linear attention: above 1 the linear form wins. Printed figures are of "
                        "whole models.",
                        {"softmax / linear", "times", true});
  const Columns &softmax = grid.lines[0], &tiled = grid.lines[1], &linear = grid.lines[2];
  plot.series = {
      plain("ratio_flops", "FLOPs, counted", grid.ns, quotient(softmax.flops, linear.flops), counted),
      plain("ratio_model", text("time on ", gpu.name, ", model"), grid.ns,
            quotient(softmax.seconds, linear.seconds), model),
      plain("ratio_tiled", "the same, softmax tiled", grid.ns, quotient(tiled.seconds, linear.seconds),
            model),
      plain("ratio_cpu", "time on this CPU", t.ns, quotient(t.softmax, t.linear), clock,
            SeriesStyle::line_and_markers),
      plain("lra_linear", "Linear, LRA Table 2", four(kLraLengths),
            quotient(four(printed("Linear").steps_per_second), four(printed("Transformer").steps_per_second)),
            paper_says(kLraTable2), SeriesStyle::markers),
      plain("lra_performer", "Performer, LRA Table 2", four(kLraLengths),
            quotient(four(printed("Performer").steps_per_second),
                     four(printed("Transformer").steps_per_second)),
            paper_says(kLraTable2), SeriesStyle::markers)};
  for (const S4Speed& row : kS4Speeds) {
    plot.series.push_back(plain(row.method == "Linear" ? "s4_linear" : "s4_performer",
                                text(row.method, ", S4 Table 3"), {kS4Lengths.begin(), kS4Lengths.end()},
                                {row.speed_up.begin(), row.speed_up.end()}, paper_says(kS4Table3),
                                SeriesStyle::markers));
  }
  return plot;
}

Plot time_plot(const Grid& grid, const Timed& t, const RooflineDevice& gpu, const Provenance& model,
               const Provenance& clock) {
  Plot plot =
      column_plot(grid, "time", text("One head: modelled on an ", gpu.name, ", measured on this CPU"),
                  "Model: the longer of FLOPs / F and bytes / W, no launches. Markers: the clock here.",
                  {"time", "seconds", true}, &Columns::seconds, model);
  plot.series.push_back(
      plain("cpu_softmax", "softmax, this CPU", t.ns, t.softmax, clock, SeriesStyle::markers));
  plot.series.push_back(plain("cpu_linear", "linear, this CPU", t.ns, t.linear, clock, SeriesStyle::markers));
  return plot;
}

Plot memory_plot(const Grid& grid, const Provenance& counted) {
  Plot plot = column_plot(grid, "memory", "Largest temporary of one head; printed: gigabytes of whole models",
                          "Scores grow as N^2, tiles and states not at all. The printed points hold the rest "
                          "of a model too.",
                          {"memory", "bytes", true}, &Columns::largest, counted);
  for (const std::string_view method : {"Transformer", "Linear"}) {
    std::vector<double> bytes;
    for (const double gb : printed(method).gigabytes) {
      bytes.push_back(1e9 * gb);
    }
    plot.series.push_back(plain(method == "Linear" ? "lra_memory_linear" : "lra_memory_transformer",
                                text(method, ", whole model, LRA Table 2"), four(kLraLengths), bytes,
                                paper_says(kLraTable2), SeriesStyle::markers));
  }
  return plot;
}

Plot roof_of(const Grid& grid, const RooflineDevice& gpu, RooflinePrecision precision) {
  std::vector<RooflinePoint> points;
  for (std::size_t i = 0; i < kLineCount; ++i) {
    points.push_back(
        {kLines[i].key, kLines[i].label, grid.lines[i].flops.back(), grid.lines[i].bytes.back(), 0, ""});
  }
  return roofline_plot(gpu, precision, points);
}

}  // namespace

Result run_explorer(const ParamSet& params, const Context& context) {
  context.progress.step(0, "counting");
  const std::string_view map = params.option(kMap);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const RooflineDevice& gpu = roofline_devices()[static_cast<std::size_t>(params.choice(kGpu))];
  const auto precision = static_cast<RooflinePrecision>(params.choice(kPrecision));
  Shape s;
  s.head_dim = params.integer(kHeadDim);
  s.feature_dim = feature_dim(map, s.head_dim);
  s.chunk_size = params.integer(kChunk);
  const double longest = params.real(kExplorerLongest);
  const Grid grid = count_all(s, longest, gpu, precision, context.progress.part(0, 0.3));
  constexpr std::int64_t kChecked = 64;
  const FormErrors errors = form_errors(map, kChecked, s.head_dim, seed, context.progress.part(0.3, 0.4));
  const int repeats = context.quick ? 1 : 3;
  const Timed timed = time_cpu(map, s, seed, repeats, context.progress.part(0.4, 1));
  const Provenance counted = counted_by("meter on every product, load, store and temporary of the form"),
                   model = modelled_by("max(FLOPs / F, bytes / W)"), clock = clocked(repeats),
                   paper = paper_says(kLraTable2);
  Result result;
  result.quick = context.quick ? kOneRunEach : "";
  result.plots = {
      speed_up_plot(grid, timed, gpu, counted, model, clock),
      time_plot(grid, timed, gpu, model, clock),
      column_plot(grid, "flops", "FLOPs: tiling changes nothing, linear attention changes the exponent",
                  "Matrix products of one head.", {"FLOPs", "", true}, &Columns::flops, counted),
      column_plot(grid, "bytes", "Bytes: tiling saves a constant factor, linear attention the exponent",
                  "To and from the memory of the device, one head.", {"bytes moved", "bytes", true},
                  &Columns::bytes, counted),
      memory_plot(grid, counted),
      roof_of(grid, gpu, precision)};
  const double flop_ratio = grid.lines[0].flops.back() / grid.lines[2].flops.back();
  const double printed_ratio =
      printed("Linear").steps_per_second[3] / printed("Transformer").steps_per_second[3];
  result.scalars = {
      scalar("flop_ratio", "FLOPs, softmax over linear, at the longest N", flop_ratio, "ratio", counted),
      scalar("model_ratio", "modelled time, the same",
             grid.lines[0].seconds.back() / grid.lines[2].seconds.back(), "ratio", model),
      scalar("tiled_ratio", "modelled time, softmax tiled",
             grid.lines[1].seconds.back() / grid.lines[2].seconds.back(), "ratio", model),
      scalar("cpu_ratio", "time on this CPU, softmax over linear, at its longest N",
             timed.softmax.back() / timed.linear.back(), "ratio", clock),
      scalar("lra_ratio", "Linear over Transformer at 4K, LRA Table 2", printed_ratio, "ratio", paper),
      scalar("longest", "longest N", longest, "count", counted, "tokens")};
  result.checks = {
      check_exactly("ratio_exact", "counted FLOPs: softmax over linear is N / m", flop_ratio,
                    longest / static_cast<double>(s.feature_dim), counted),
      check_exactly("tiled_same", "tiling leaves the FLOPs as they are (ratio)",
                    grid.last[1].products / grid.last[0].products, 1, counted),
      check_between("papers_agree", "two papers print the same speed-up of Linear at 4K within 10 %",
                    kS4Speeds[1].speed_up[1] / printed_ratio, 0.9, 1.1, paper)};
  add_form_checks(result, errors, kChecked);
  return result;
}

}  // namespace alab::complexity
