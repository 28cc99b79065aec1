// FlashLinearAttention in its two versions, with a counter on every copy between slow memory and the chip.
// Source: Yang, Wang, Shen, Panda, Kim 2024, arXiv:2312.06635, section 3 and algorithm 1.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_04_causal_linear/chunk_loops.hpp"
#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"

namespace alab::causal_linear {
namespace {

double elements(const Accesses& a) {
  return static_cast<double>(a.total());
}

/// 4 N d, or 6 N d + 2 (N / C) d^2 with N / C rounded up.
double formula(double n, double chunk_size, double d, bool materialized) {
  return materialized ? 6 * n * d + 2 * std::ceil(n / chunk_size) * d * d : 4 * n * d;
}

struct Point {
  double chunk_size, on_chip, materialized;
};

Plot traffic_plot(const std::vector<Point>& points, double n, double d, double chosen) {
  Plot plot{"traffic",
            "Writing the states costs traffic that larger chunks win back",
            "Elements between slow memory and the chip for one head, counted copy by copy.",
            {"chunk size C", "tokens", true},
            {"elements moved", "elements", true},
            {}};
  std::vector<double> xs, kept, written, written_model;
  for (const Point& p : points) {
    xs.push_back(p.chunk_size);
    kept.push_back(p.on_chip);
    written.push_back(p.materialized);
    written_model.push_back(formula(n, p.chunk_size, d, true));
  }
  const Provenance counted = counted_by("every copy of the chunk loops");
  plot.series = {
      plain("materialized_moved", "states written (materialised)", xs, written, counted,
            SeriesStyle::line_and_markers),
      plain("model", "6 N d + 2 (N / C) d d", xs, written_model, modelled_by("6 N d + 2 (N / C) d d"),
            SeriesStyle::dashed),
      plain("on_chip_moved", "state stays on chip: 4 N d", xs, kept, counted, SeriesStyle::line_and_markers)};
  const auto at = std::ranges::find(xs, chosen);
  if (at != xs.end()) {
    plot.series.push_back(plain("chosen", text("C = ", chosen), {chosen},
                                {written[static_cast<std::size_t>(at - xs.begin())]}, counted,
                                SeriesStyle::markers));
  }
  return plot;
}

std::vector<Cell> ledger_row(std::string name, double on_chip, double materialized) {
  const Provenance counted = counted_by("every copy of the chunk loops");
  return {Cell::words(std::move(name)), Cell::number(on_chip, "count", counted),
          Cell::number(materialized, "count", counted)};
}

Table ledger(const ChunkRun& kept, const ChunkRun& written) {
  Table table{"ledger",
              "What each version moves",
              "Elements. The second pass reads K and V again; that and the states are its price.",
              {"array", "state on chip", "states written"},
              {}};
  table.rows = {ledger_row("Q read", static_cast<double>(kept.moved.queries),
                           static_cast<double>(written.moved.queries)),
                ledger_row("K and V read", static_cast<double>(kept.moved.keys_values),
                           static_cast<double>(written.moved.keys_values)),
                ledger_row("O written", static_cast<double>(kept.moved.outputs),
                           static_cast<double>(written.moved.outputs)),
                ledger_row("states written and read", static_cast<double>(kept.moved.states),
                           static_cast<double>(written.moved.states)),
                ledger_row("sum", elements(kept.moved.accesses), elements(written.moved.accesses))};
  return table;
}

}  // namespace

Result run_traffic(const ParamSet& params, const Context& context) {
  const std::int64_t n = params.integer(kTrafficLength), d = params.integer(kHeadDim),
                     chunk_size = std::min(params.integer(kTrafficChunk), n);
  const auto p = drawn_problem(1, n, d, d, static_cast<std::uint64_t>(params.integer(params::seed)));
  context.progress.step(0.1, "both versions, with their arithmetic");
  const ChunkRun kept = run_on_chip(p, chunk_size), written = run_materialized(p, chunk_size);
  context.progress.step(0.4, "truth in double");
  LinearAttentionOptions options;
  options.normalize = false;
  const Tensor<double> truth = linear_attention_chunkwise(widened(p), 64, options).output;
  const double error = worse(rel_l2(kept.output, truth), rel_l2(written.output, truth));
  std::vector<Point> points;
  std::vector<double> sizes = doublings(16, static_cast<double>(n));
  sizes.push_back(static_cast<double>(chunk_size));
  std::ranges::sort(sizes);
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  const double nn = static_cast<double>(n), dd = static_cast<double>(d), c = static_cast<double>(chunk_size);
  double off = 0;
  for (const double size : sizes) {
    context.progress.step(0.5 + 0.5 * size / nn, text("counting chunks of ", size));
    const auto chunk = static_cast<std::int64_t>(size);
    points.push_back({size, elements(run_on_chip(p, chunk, Arithmetic::off).moved.accesses),
                      elements(run_materialized(p, chunk, Arithmetic::off).moved.accesses)});
    off = worse(off, std::abs(points.back().on_chip - formula(nn, size, dd, false)));
    off = worse(off, std::abs(points.back().materialized - formula(nn, size, dd, true)));
  }
  const double a = elements(kept.moved.accesses), b = elements(written.moved.accesses),
               states = static_cast<double>(written.moved.states) / 2;
  const Provenance counted = counted_by("every copy of the chunk loops");
  Result result;
  result.input = text("normal, phi = elu + 1, ", n, " tokens, m = dv = ", d);
  result.plots.push_back(traffic_plot(points, nn, dd, c));
  result.tables.push_back(ledger(kept, written));
  result.scalars = {
      scalar("on_chip", "state on chip: elements moved", a, "count", counted),
      scalar("materialized", "states written: elements moved", b, "count", counted),
      scalar("ratio", "materialised over on chip", b / a, "ratio", counted),
      scalar("states", "elements of all states", states, "count", counted),
      scalar("states_share", "states compared with Q, K, V and O", states / (4 * nn * dd), "ratio", counted),
      scalar("error", "error of both versions", error, "error", measured_here("float against double"))};
  result.checks = {
      check_exactly("pass_on_chip", "state on chip: exactly 4 N d elements", a, formula(nn, c, dd, false),
                    counted),
      check_exactly("pass_materialized", "states written: exactly 6 N d + 2 (N / C) d d elements", b,
                    formula(nn, c, dd, true), counted),
      check_exactly("pass_all_sizes", "formula minus counter, over all chunk sizes drawn", off, 0, counted),
      check_at_most("pass_same_output", "both versions equal double: <= 5e-6", error, kT32,
                    measured_here("float against double"))};
  return result;
}

}  // namespace alab::causal_linear
