// At which N do softmax and linear attention cost the same: counted exactly, and by the clock.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_01_complexity_analysis/costs.hpp"
#include "labs/ch05_01_complexity_analysis/experiments.hpp"
#include "labs/ch05_01_complexity_analysis/params.hpp"
#include "reference/complexity.hpp"

namespace alab::complexity {
namespace {

/// Smallest N at which the counted FLOPs of softmax reach those of the linear form.
double counted_crossover(Shape s, bool normaliser) {
  std::int64_t low = 1, high = 4 * s.feature_dim + 4;
  while (low < high) {
    s.seq_len = (low + high) / 2;
    const FormCost softmax = count(Form::softmax, s), linear = count(Form::linear, s);
    if (softmax.products >= linear.products + (normaliser ? linear.normaliser : 0)) {
      high = s.seq_len;
    } else {
      low = s.seq_len + 1;
    }
  }
  return static_cast<double>(low);
}

struct Sweep {
  std::vector<double> ns, softmax, linear;
};

Sweep counted_sweep(Shape s) {
  Sweep out;
  const auto m = static_cast<double>(s.feature_dim);
  for (const double n : {m / 8, m / 4, m / 2, m, 2 * m, 4 * m, 8 * m}) {
    s.seq_len = std::max<std::int64_t>(1, static_cast<std::int64_t>(n));
    out.ns.push_back(static_cast<double>(s.seq_len));
    out.softmax.push_back(count(Form::softmax, s).products);
    out.linear.push_back(count(Form::linear, s).products);
  }
  return out;
}

/// Quadratic maps of wide heads are timed up to 1024 tokens only, to stay within a second.
Sweep timed_sweep(std::string_view map, const Shape& s, std::uint64_t seed, int repeats,
                  const Progress& progress) {
  Sweep out;
  out.ns = doublings(32, s.feature_dim > 600 ? 512 : 2048);
  const double scale = 1 / std::sqrt(static_cast<double>(s.head_dim));
  for (const double n : out.ns) {
    const double done = n / (2 * out.ns.back());
    progress.step(done, text("timing N = ", n));
    const Operands<float> in = normal_operands(static_cast<std::int64_t>(n), s.head_dim, seed);
    const auto mapped = Operands<float>::of(features(map, in.query), features(map, in.key), in.value);
    WorkMeter work;
    const Progress part = progress.part(done, 2 * done);
    out.softmax.push_back(
        median_time([&] { keep(softmax_form(in, scale, work).data()); }, part, 0.01, repeats).seconds);
    out.linear.push_back(
        median_time([&] { keep(state_first(mapped, true, work).data()); }, part, 0.01, repeats).seconds);
  }
  return out;
}

/// Where the two lines cross, on log axes between neighbours; 0 when one is always the faster.
double clock_crossover(const Sweep& t) {
  for (std::size_t i = 1; i < t.ns.size(); ++i) {
    const double before = std::log(t.softmax[i - 1] / t.linear[i - 1]),
                 after = std::log(t.softmax[i] / t.linear[i]);
    if (before < 0 && after >= 0) {
      return t.ns[i - 1] * std::pow(t.ns[i] / t.ns[i - 1], -before / (after - before));
    }
  }
  return 0;
}

Plot sweep_plot(std::string key, std::string title, std::string note, Axis y, const Sweep& s,
                const Provenance& from) {
  Plot plot{key, std::move(title), std::move(note), {"sequence length N", "tokens", true}, std::move(y), {}};
  plot.series = {fitted(key + "_softmax", "softmax", s.ns, s.softmax, from),
                 fitted(key + "_linear", "linear", s.ns, s.linear, from)};
  return plot;
}

Table crossover_table(const Shape& s, double products, double with_normaliser, double clock,
                      const Provenance& counted, const Provenance& timed) {
  const auto m = static_cast<double>(s.feature_dim), d = static_cast<double>(s.head_dim);
  const Provenance model = modelled_by("2 m dv / (dk + dv); with the normaliser 2 m (dv + 1) / (dk + dv)");
  Table table{"crossings",
              text("d = ", s.head_dim, ", m = ", s.feature_dim, ": where linear attention starts to win"),
              "Counted: the smallest whole N at which softmax needs as many FLOPs.",
              {"what is counted", "counted N", "formula"},
              {}};
  table.rows.push_back({Cell::words("matrix products only"), Cell::number(products, "count", counted),
                        Cell::number(crossover_length(m, d, d), "", model)});
  table.rows.push_back({Cell::words("and the normaliser"), Cell::number(with_normaliser, "count", counted),
                        Cell::number(crossover_length(m, d, d, true), "", model)});
  table.rows.push_back({Cell::words("the clock of this CPU"),
                        clock > 0 ? Cell::number(clock, "count", timed) : Cell::words("not met in the sweep"),
                        Cell::words("-")});
  return table;
}

}  // namespace

Result run_crossover(const ParamSet& params, const Context& context) {
  context.progress.step(0, "counting");
  const std::string_view map = params.option(kMap);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  Shape s;
  s.head_dim = params.integer(kTimedDim);
  s.feature_dim = feature_dim(map, s.head_dim);
  const auto m = static_cast<double>(s.feature_dim), d = static_cast<double>(s.head_dim);
  const double products = counted_crossover(s, false), with_normaliser = counted_crossover(s, true);
  constexpr std::int64_t kChecked = 64;
  const FormErrors errors = form_errors(map, kChecked, s.head_dim, seed, context.progress.part(0, 0.1));
  const int repeats = context.quick ? 1 : 3;
  const Sweep timed = timed_sweep(map, s, seed, repeats, context.progress.part(0.1, 1));
  const double clock_n = clock_crossover(timed);
  const Provenance counted = counted_by("meter on every product of both forms"), clock = clocked(repeats);
  Result result;
  result.quick = context.quick ? kOneRunEach : "";
  result.tables.push_back(crossover_table(s, products, with_normaliser, clock_n, counted, clock));
  result.plots.push_back(
      sweep_plot("flops", text("Counted: the lines meet at N = ", format_value(products, "count"), " = m"),
                 "FLOPs of the matrix products; exp, feature map and normaliser are not counted.",
                 {"FLOPs", "", true}, counted_sweep(s), counted));
  result.plots.push_back(sweep_plot(
      "time",
      clock_n > 0 ? text("By the clock the lines meet near N = ", format_value(std::round(clock_n), "count"))
                  : std::string("By the clock the lines do not meet in this sweep"),
      "Median wall time; features are made beforehand. The clock also pays for exp and for memory.",
      {"time", "seconds", true}, timed, clock));
  result.scalars = {scalar("crossover", "counted crossover", products, "count", counted, "tokens"),
                    scalar("crossover_normaliser", "with the normaliser, formula",
                           crossover_length(m, d, d, true), "", modelled_by("m (d + 1) / d"), "tokens"),
                    scalar("feature_dim", "features m", m, "count", counted_by("columns of phi")),
                    scalar("clock_crossover", "crossover by the clock (0: not met)", std::round(clock_n),
                           "count", clock, "tokens"),
                    scalar("unpacked", "features without packing", d * d, "count", modelled_by("d^2"))};
  result.checks = {
      check_exactly("crossover_exact", "counted crossover equals m (products only)", products, m, counted),
      check_exactly("crossover_rounded", "with the normaliser: the first whole N past m (d + 1) / d",
                    with_normaliser, std::ceil(crossover_length(m, d, d, true)), counted)};
  add_form_checks(result, errors, kChecked);
  return result;
}

}  // namespace alab::complexity
