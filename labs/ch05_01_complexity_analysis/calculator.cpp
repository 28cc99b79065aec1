// Every cost of one head in one table: FLOPs, bytes, temporaries, what is kept for the backward pass.
// SPDX-License-Identifier: MIT
#include "labs/ch05_01_complexity_analysis/costs.hpp"
#include "labs/ch05_01_complexity_analysis/experiments.hpp"
#include "labs/ch05_01_complexity_analysis/params.hpp"
#include "reference/complexity.hpp"

namespace alab::complexity {
namespace {

constexpr double kBytes = 4;  // float

Provenance metered() {
  return counted_by("meter on every product, pass and temporary of the form");
}

std::vector<Cell> counted_row(std::string name, const FormCost& cost, Cell kept) {
  return {Cell::words(std::move(name)),
          Cell::number(cost.products, "count", metered()),
          Cell::number(cost.normaliser, "count", metered()),
          Cell::number(kBytes * cost.elements, "bytes", metered()),
          Cell::number(kBytes * cost.largest, "bytes", metered()),
          std::move(kept)};
}

Cell kept(double elements, std::string formula) {
  return Cell::number(kBytes * elements, "bytes", modelled_by(std::move(formula)));
}

Table cost_table(const Shape& s, const FormCost& softmax, const FormCost& tiled, const FormCost& linear,
                 const FormCost& chunkwise) {
  const auto n = static_cast<double>(s.seq_len), d = static_cast<double>(s.head_dim),
             m = static_cast<double>(s.feature_dim), c = static_cast<double>(s.chunk_size);
  const Provenance model = modelled_by("5 products where the forward pass has 2: 2.5 x 4 N^2 d");
  const Cell none = Cell::words("-");
  Table table{"costs",
              text("One head, N = ", s.seq_len, ", d = ", s.head_dim, ", m = ", s.feature_dim, ", float"),
              "FLOPs: two per multiply-add, matrix products only. Bytes: each product reads its factors once "
              "and writes its result once.",
              {"form", "FLOPs", "normaliser", "bytes moved", "largest temporary", "kept for backward"},
              {}};
  table.rows.push_back(counted_row("softmax, scores in memory", softmax, kept(saved_softmax(n), "N^2")));
  table.rows.push_back(counted_row("softmax, tiled", tiled, kept(saved_tiled(n), "N: one logsumexp a row")));
  table.rows.push_back({Cell::words("softmax, causal"),
                        Cell::number(softmax_flops(n, d, d, true), "count",
                                     modelled_by("2 N^2 d: half, when masked tiles are skipped")),
                        none, none, none, none});
  table.rows.push_back({Cell::words("softmax, backward"),
                        Cell::number(softmax_backward_flops(n, d, d), "count", model), none, none, none,
                        none});
  table.rows.push_back(counted_row("linear", linear, kept(m * d, "m dv: one state")));
  table.rows.push_back(counted_row(text("linear, causal, chunks of ", s.chunk_size), chunkwise,
                                   kept(saved_chunkwise(n, c, m, d), "ceil(N / C) m dv: a state a chunk")));
  const auto step_row = [&](std::string name, double flops, double elements, std::string formula) {
    const Provenance by = modelled_by(std::move(formula));
    return std::vector<Cell>{Cell::words(std::move(name)),
                             Cell::number(flops, "count", by),
                             none,
                             Cell::number(kBytes * elements, "bytes", by),
                             none,
                             none};
  };
  table.rows.push_back(step_row("one more token, cache of N", 4 * n * d, cache_elements_read(n, d, d),
                                "2 t d elements read, 4 t d FLOPs"));
  table.rows.push_back(step_row("one more token, state", 4 * m * d, state_elements_moved(m, d),
                                "2 m dv + 2 m elements, 4 m dv FLOPs"));
  return table;
}

Plot growth_plot(const Shape& at, const Progress& progress) {
  Plot plot{"flops",
            text("Slope 2 against slope 1: the lines meet at N = ", at.feature_dim),
            "FLOPs of the products of one head against N; the slope beside each line is its exponent.",
            {"sequence length N", "tokens", true},
            {"FLOPs", "", true},
            {}};
  const std::vector<double> ns = doublings(16, 65536);
  struct Line {
    Form form;
    const char *key, *label;
  };
  const Line lines[] = {{Form::softmax, "softmax", "softmax"},
                        {Form::linear, "linear", "linear"},
                        {Form::chunkwise, "chunkwise", "chunkwise, causal"}};
  for (const Line& line : lines) {
    std::vector<double> ys;
    for (const double n : ns) {
      progress.step(n / ns.back(), "counting");
      Shape s = at;
      s.seq_len = static_cast<std::int64_t>(n);
      ys.push_back(count(line.form, s).products);
    }
    plot.series.push_back(fitted(line.key, line.label, ns, ys, metered()));
  }
  return plot;
}

}  // namespace

Result run_calculator(const ParamSet& params, const Context& context) {
  context.progress.step(0, "counting");
  Shape s;
  s.seq_len = params.integer(kLength);
  s.head_dim = params.integer(kHeadDim);
  s.feature_dim = feature_dim(params.option(kMap), s.head_dim);
  s.chunk_size = params.integer(kChunk);
  const auto n = static_cast<double>(s.seq_len), d = static_cast<double>(s.head_dim),
             m = static_cast<double>(s.feature_dim), c = static_cast<double>(s.chunk_size);
  const FormCost softmax = count(Form::softmax, s), tiled = count(Form::tiled, s),
                 linear = count(Form::linear, s), chunkwise = count(Form::chunkwise, s);
  Result result;
  result.tables.push_back(cost_table(s, softmax, tiled, linear, chunkwise));
  result.plots.push_back(growth_plot(s, context.progress));
  result.scalars = {
      scalar("softmax_flops", "softmax, forward", softmax.products, "count", metered(), "FLOPs"),
      scalar("linear_flops", "linear", linear.products, "count", metered(), "FLOPs"),
      scalar("flop_ratio", "softmax over linear", softmax.products / linear.products, "ratio", metered()),
      scalar("normaliser_share", "normaliser's share of the linear form",
             100 * linear.normaliser / linear.products, "", metered(), "%"),
      scalar("softmax_temporary", "softmax: largest temporary", kBytes * softmax.largest, "bytes", metered()),
      scalar("linear_temporary", "linear: largest temporary", kBytes * linear.largest, "bytes", metered()),
      scalar("chunkwise_flops", "chunkwise, causal", chunkwise.products, "count", metered(), "FLOPs")};
  result.checks = {check_exactly("softmax_formula", "softmax: counted FLOPs equal 4 N^2 d", softmax.products,
                                 softmax_flops(n, d, d), metered()),
                   check_exactly("tiled_formula", "tiling leaves the FLOPs as they are", tiled.products,
                                 softmax_flops(n, d, d), metered()),
                   check_exactly("linear_formula", "linear: counted FLOPs equal 4 N m d", linear.products,
                                 linear_flops(n, m, d), metered()),
                   check_exactly("normaliser_formula", "normaliser: counted FLOPs equal 4 N m",
                                 linear.normaliser, linear_normalizer_flops(n, m), metered())};
  add_where(result, s.seq_len % s.chunk_size == 0, "a chunk size that divides N",
            check_exactly("chunkwise_formula", "chunkwise: counted FLOPs equal 2 N C (m + d) + 4 N m d",
                          chunkwise.products, chunkwise_flops(n, c, m, d), metered()));
  return result;
}

}  // namespace alab::complexity
