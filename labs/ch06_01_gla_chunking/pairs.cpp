// Step 4: which pairs of a chunk are ordinary matrix products, and which need an exponential of their own.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch06_01_gla_chunking/experiments.hpp"
#include "labs/ch06_01_gla_chunking/gated_head.hpp"
#include "labs/ch06_01_gla_chunking/params.hpp"
#include "labs/common/sweep.hpp"

namespace alab::gla_chunking {
namespace {

constexpr std::int64_t kTokens = 512;

/// 2: a product with gates measured from the sub-chunk's start; 1: log space; NaN: the future.
Heatmap pair_map(std::int64_t chunk, std::int64_t sub) {
  Heatmap map;
  map.key = "pairs";
  map.title = text("One chunk of ", chunk, ": sub-chunks of ", sub);
  map.note = "Row: query, column: key. 1: log space, full precision. 2: matrix product. Blank: the future.";
  map.value_label = "kind of pair";
  map.row = {"query in the chunk", "", false};
  map.col = {"key in the chunk", "", false};
  map.rows = map.cols = chunk;
  map.provenance = modelled_by("j <= i; log space when i and j share a sub-chunk");
  for (std::int64_t i = 0; i < chunk; ++i) {
    for (std::int64_t j = 0; j < chunk; ++j) {
      map.values.push_back(j > i ? std::nanf("") : (i / sub == j / sub ? 1.0F : 2.0F));
    }
  }
  return map;
}

LinearCounters counted_run(const GatedLinearAttentionProblem<float>& problem, std::int64_t chunk,
                           std::int64_t sub, const Progress& progress) {
  LinearCounters counters;
  GatedOptions options;
  options.counters = &counters;
  gated_linear_attention_chunkwise_two_level(problem, chunk, sub, options, progress);
  return counters;
}

double share_of(const LinearCounters& counters) {
  return static_cast<double>(counters.log_pairs) / static_cast<double>(counters.pairs);
}

struct Sweep {
  std::vector<double> sub, share, formula;
};

/// Sub-chunk sizes that divide the chunk.
Sweep sweep_sizes(const GatedLinearAttentionProblem<float>& problem, std::int64_t chunk,
                  const Progress& progress) {
  Sweep sweep;
  for (std::int64_t sub = 1; sub <= chunk; sub *= 2) {
    progress.step(static_cast<double>(sub) / static_cast<double>(2 * chunk), "counting pairs");
    if (chunk % sub == 0) {
      sweep.sub.push_back(static_cast<double>(sub));
      sweep.share.push_back(100 * share_of(counted_run(problem, chunk, sub, progress)));
      sweep.formula.push_back(100 * log_pair_share(static_cast<double>(chunk), static_cast<double>(sub)));
    }
  }
  return sweep;
}

Plot share_plot(const Sweep& sweep, std::int64_t chunk) {
  Plot plot;
  plot.key = "log_share";
  plot.title = text("Small sub-chunks leave few pairs to log space (C = ", chunk, ")");
  plot.note = "Share of the causal pairs of a chunk whose gates are formed pair by pair.";
  plot.x = {"sub-chunk size c", "tokens", true};
  plot.y = {"pairs in log space", "%", false};
  plot.series = {plain("counted", "counted", sweep.sub, sweep.share,
                       counted_by("pairs of the two-level form"), SeriesStyle::markers),
                 plain("formula", "(c + 1) / (C + 1)", sweep.sub, sweep.formula,
                       modelled_by("(c + 1) / (C + 1)"), SeriesStyle::line)};
  return plot;
}

Table cost_table(const LinearCounters& two, const LinearCounters& log_form, std::int64_t dim) {
  const Provenance counted = counted_by("the reference while it ran");
  Table table;
  table.key = "cost";
  table.title = text("512 tokens, ", dim, " channels: what each form asks of the machine");
  table.note =
      "Products run on tensor cores; an exponential costs a special unit, full precision, per channel.";
  table.columns = {"form", "causal pairs", "pairs in log space", "exponentials of gates",
                   "flops of products"};
  const auto row = [&](std::string name, const LinearCounters& c) {
    table.rows.push_back({Cell::words(std::move(name)),
                          Cell::number(static_cast<double>(c.pairs), "count", counted),
                          Cell::number(static_cast<double>(c.log_pairs), "count", counted),
                          Cell::number(static_cast<double>(c.exponentials), "count", counted),
                          Cell::number(static_cast<double>(c.product_flops), "count", counted)});
  };
  row("two-level chunk", two);
  row("log-space parallel", log_form);
  return table;
}

}  // namespace

Result run_pairs(const ParamSet& params, const Context& context) {
  const std::int64_t dim = params.integer(kHeadDim), chunk = params.integer(kChunk);
  const std::int64_t sub = std::min(params.integer(kSubChunk), chunk);
  GatedHead head = normal_head(kTokens, dim, static_cast<std::uint64_t>(params.integer(params::seed)));
  head.problem.log_decay = constant_gates(0.9, kTokens, dim);
  const LinearCounters two = counted_run(head.problem, chunk, sub, context.progress.part(0, 0.2));
  LinearCounters log_form;
  GatedOptions options;
  options.counters = &log_form;
  gated_linear_attention_parallel_log(head.problem, options, context.progress.part(0.2, 0.5));
  const LinearCounters stated = counted_run(head.problem, 64, 16, context.progress.part(0.5, 0.6));
  Result result;
  result.heatmaps = {pair_map(chunk, sub)};
  result.plots = {share_plot(sweep_sizes(head.problem, chunk, context.progress.part(0.6, 1)), chunk)};
  result.tables = {cost_table(two, log_form, dim)};
  const Provenance counted = counted_by("pairs of the two-level form");
  result.scalars = {
      scalar("share", "pairs in log space", 100 * share_of(two), "", counted, "%"),
      scalar("share_stated", "the same for C = 64, c = 16", 100 * share_of(stated), "", counted, "%"),
      scalar("sub_chunk", "sub-chunk size used", static_cast<double>(sub), "count", counted),
      scalar("exponentials_saved", "exponentials of the log form over those of two-level",
             static_cast<double>(log_form.exponentials) /
                 static_cast<double>(std::max<std::int64_t>(1, two.exponentials)),
             "ratio", counted)};
  result.checks = {
      check_between("share_26", "C = 64, c = 16: 26.2 % of the pairs", 100 * share_of(stated), 26.15, 26.25,
                    counted),
      check_exactly("share_exact", "C = 64, c = 16: exactly 17 / 65", share_of(stated), 17.0 / 65, counted)};
  if (kTokens % chunk == 0 && chunk % sub == 0) {
    result.checks.push_back(
        check_exactly("share_formula", "your sizes: exactly (c + 1) / (C + 1)", share_of(two),
                      log_pair_share(static_cast<double>(chunk), static_cast<double>(sub)), counted));
  } else {
    result.notes.push_back(
        "c does not divide C, or C does not divide 512: the last block is shorter and the formula off.");
  }
  return result;
}

}  // namespace alab::gla_chunking
