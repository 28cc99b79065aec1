// Random demos flatter Performer: its error on small Gaussian rows and on heads of a language model, in one
// plot. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/model_heads.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"

namespace alab::ch05_03 {
namespace {

constexpr std::int64_t kDim = 64;           // the model's own head_dim
constexpr double kSmall = 0.25, kUnit = 1;  // spreads of the Gaussian demos
constexpr std::array<double, 8> kSpreads{0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3};
constexpr std::size_t kAt = 2;  // M = 256, where heads are compared with one another
constexpr std::string_view kMissing = "no model";

struct Gaussian {
  std::vector<double> small, unit;    ///< error for each of kSweepRows
  std::vector<HeadErrors> by_spread;  ///< with M = kSweepRows[kAt] only
};

HeadErrors gaussian(double spread, std::int64_t tokens, const std::vector<Tensor<double>>& draws,
                    std::uint64_t seed, const Progress& progress) {
  Rng rng(seed);
  const Tensor<double> q = normal_rows(tokens, kDim, spread, rng), k = normal_rows(tokens, kDim, spread, rng);
  return errors_of(q, k, normal_rows(tokens, kDim, 1, rng), 1 / std::sqrt(static_cast<double>(kDim)), true,
                   draws, progress);
}

Gaussian run_gaussian(std::int64_t tokens, const std::vector<Tensor<double>>& draws, std::uint64_t seed,
                      const Progress& progress) {
  Gaussian out;
  out.small = gaussian(kSmall, tokens, draws, seed, progress).favor;
  out.unit = gaussian(kUnit, tokens, draws, seed, progress).favor;
  for (const double spread : kSpreads) {
    progress.step(0.5, "random rows");
    out.by_spread.push_back(gaussian(spread, tokens, {draws[kAt]}, seed, progress));
  }
  return out;
}

std::vector<double> column(const std::vector<HeadErrors>& heads, double HeadErrors::*what) {
  std::vector<double> out;
  std::ranges::transform(heads, std::back_inserter(out), [&](const HeadErrors& h) { return h.*what; });
  return out;
}

std::vector<double> favor_at(const std::vector<HeadErrors>& heads, std::size_t m) {
  std::vector<double> out;
  std::ranges::transform(heads, std::back_inserter(out), [&](const HeadErrors& h) { return h.favor[m]; });
  return out;
}

/// The share-quantile over all heads, for each M that real heads were given.
std::vector<double> quantiles(const std::vector<HeadErrors>& heads, double share) {
  std::vector<double> out;
  for (std::size_t m = 0; m < kRealCount; ++m) {
    out.push_back(quantile(favor_at(heads, m), share));
  }
  return out;
}

std::string missing_note(const ModelHeads& model) {
  return text("Without the model only random rows are drawn. ", model.unavailable);
}

Plot error_plot(const Gaussian& gauss, const ModelHeads& model, const Provenance& from) {
  const std::vector<double> xs(kSweepRows.begin(), kSweepRows.end());
  const std::vector<double> real_xs(xs.begin(), xs.begin() + kRealCount);
  Plot plot{"error_by_rows",
            "",
            "Relative error of the attention output, causal. Above 1 an output of zeros would be closer.",
            {"random rows M", "", true},
            {"relL2 error of the output", "", true},
            {}};
  plot.series = {
      fitted("gaussian_small", "random rows, largest score 0.3 (the usual demo)", xs, gauss.small, from),
      fitted("gaussian_unit", "random rows N(0, I)", xs, gauss.unit, from)};
  if (model.heads.empty()) {
    plot.title = text("Random rows only: real heads need the language model");
    plot.note += " " + missing_note(model);
    return plot;
  }
  const std::vector<double> median = quantiles(model.heads, 0.5);
  plot.title = text("At M = 1024 the demo is off by ", format_value(gauss.small[kRealCount - 1], ""),
                    ", the median real head by ", format_value(median.back(), ""));
  plot.series.push_back(fitted("real_median", "SmolLM2, median over heads", real_xs, median, from));
  plot.series.push_back(plain("real_low", "SmolLM2, best tenth of the heads", real_xs,
                              quantiles(model.heads, 0.1), from, SeriesStyle::dashed));
  plot.series.push_back(plain("real_high", "SmolLM2, worst tenth", real_xs, quantiles(model.heads, 0.9), from,
                              SeriesStyle::dashed));
  plot.series.push_back(level("real_mean", "SmolLM2, plain average of the values seen", xs.front(), xs.back(),
                              quantile(column(model.heads, &HeadErrors::mean), 0.5), from));
  return plot;
}

Plot score_plot(const Gaussian& gauss, const ModelHeads& model, const Provenance& from) {
  Plot plot{
      "error_by_score",
      "The error follows the size of the scores, for random rows too",
      text("Each point is a head at M = ", kSweepRows[kAt], ". The line is random rows, drawn ever larger."),
      {"largest score of the head", "", true},
      {"relL2 error of the output", "", true},
      {}};
  plot.series = {plain("gaussian", "random rows, growing",
                       column(gauss.by_spread, &HeadErrors::largest_score), favor_at(gauss.by_spread, 0),
                       from, SeriesStyle::line_and_markers)};
  if (!model.heads.empty()) {
    plot.series.push_back(plain("real", "heads of SmolLM2", column(model.heads, &HeadErrors::largest_score),
                                favor_at(model.heads, kAt), from, SeriesStyle::markers));
  } else {
    plot.note += " " + missing_note(model);
  }
  return plot;
}

std::vector<double> needed(const std::vector<HeadErrors>& heads) {
  std::vector<double> out;
  std::ranges::transform(heads, std::back_inserter(out),
                         [](const HeadErrors& h) { return rows_needed_log10(h.typical_sum); });
  return out;
}

Plot needed_plot(const Gaussian& gauss, const ModelHeads& model) {
  const Provenance lemma = modelled_by("lemma 2: M = (e^|x+y|^2 - 1) / 0.01");
  Plot plot{"rows_needed",
            "What lemma 2 asks for: rows M that bring one estimate to 10 %",
            "For the median query-key pair of each head. 6 means a million rows, 30 more than can be stored.",
            {"largest score of the head", "", true},
            {"log10 of the rows needed", "", false},
            {}};
  plot.series = {plain("gaussian", "random rows, growing",
                       column(gauss.by_spread, &HeadErrors::largest_score), needed(gauss.by_spread), lemma,
                       SeriesStyle::line_and_markers)};
  if (!model.heads.empty()) {
    plot.series.push_back(plain("real", "heads of SmolLM2", column(model.heads, &HeadErrors::largest_score),
                                needed(model.heads), lemma, SeriesStyle::markers));
  }
  return plot;
}

Table head_table(const ModelHeads& model, const Provenance& from) {
  Table table;
  table.key = "heads";
  table.title = text("Heads of SmolLM2: ", model.description);
  table.note = "Sharp heads (large scores) are the ones that random features miss.";
  table.columns = {"layer, head",      "largest score", "median |x + y|^2", "FAVOR+, M = 256",
                   "FAVOR+, M = 1024", "elu + 1",       "plain average"};
  for (const HeadErrors& h : model.heads) {
    table.rows.push_back({Cell::words(text("L", h.layer, " H", h.index)),
                          Cell::number(h.largest_score, "", from), Cell::number(h.typical_sum, "", from),
                          Cell::number(h.favor[kAt], "", from),
                          Cell::number(h.favor[kRealCount - 1], "", from), Cell::number(h.elu1, "", from),
                          Cell::number(h.mean, "", from)});
  }
  if (model.heads.empty()) {
    table.title = "Heads of SmolLM2";
    table.note = missing_note(model);
    std::vector<Cell> row(table.columns.size(), Cell::words("-"));
    row.front() = Cell::words(std::string(kMissing));
    table.rows.push_back(std::move(row));
  }
  return table;
}

/// Scalars that the explanation quotes; NaN, and called an error, where the model is missing.
void add_real(Result& result, const ModelHeads& model, double demo, const Provenance& from) {
  const bool there = !model.heads.empty();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto median = [&](const std::vector<double>& values) { return there ? quantile(values, 0.5) : nan; };
  const std::vector<double> last = there ? favor_at(model.heads, kRealCount - 1) : std::vector<double>{};
  const auto real = [&](std::string key, std::string label, double value) {
    result.scalars.push_back(scalar(std::move(key), std::move(label), value, "", from));
  };
  real("error_real", "median error of FAVOR+ on real heads, M = 1024", median(last));
  real("error_real_elu1", "median error of elu + 1 on real heads",
       median(column(model.heads, &HeadErrors::elu1)));
  real("error_real_mean", "median error of the plain average on real heads",
       median(column(model.heads, &HeadErrors::mean)));
  real("error_real_score", "median largest score of a head",
       median(column(model.heads, &HeadErrors::largest_score)));
  real("error_real_needed", "rows needed for 10 %, median head, log10", median(needed(model.heads)));
  if (there) {
    result.checks.push_back(check_between("flattered",
                                          "the demo errs by less than a fifth of the median real head",
                                          demo / median(last), 0, 0.2, from));
  }
}

}  // namespace

Result run_real_heads(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const std::int64_t wanted = params.integer(kModelLength);
  const std::int64_t tokens = context.quick ? std::min<std::int64_t>(wanted, 32) : wanted;
  context.progress.step(0, "drawing W");
  std::vector<Tensor<double>> draws = draw_sweep(kDim, kSweepRows.size(), seed);
  const Gaussian gauss = run_gaussian(tokens, draws, seed + 100, context.progress.part(0, 0.3));
  draws.resize(kRealCount);
  const ModelHeads model =
      model_heads(context, tokens, params.integer(kHeadsPerLayer), draws, context.progress.part(0.3, 1));
  const Provenance from = measured_here("outputs in double, W orthogonal");
  Result result;
  result.quick = context.quick ? text(tokens, " of ", wanted, " tokens, one layer in ten") : "";
  result.input = model.heads.empty() ? text("random rows only, seed ", seed) : model.description;
  result.plots = {error_plot(gauss, model, from), score_plot(gauss, model, from), needed_plot(gauss, model)};
  result.tables.push_back(head_table(model, from));
  const double slope = loglog_slope({kSweepRows.begin(), kSweepRows.end()}, gauss.small);
  result.scalars = {
      scalar("demo_64", "error of the demo, M = 64", gauss.small[1], "", from),
      scalar("demo_1024", "error of the demo, M = 1024", gauss.small[3], "", from),
      scalar("demo_4096", "error of the demo, M = 4096", gauss.small[4], "", from),
      scalar("demo_score", "largest score of the demo", gauss.by_spread.front().largest_score, "", from),
      scalar("unit_1024", "error on N(0, I) rows, M = 1024", gauss.unit[3], "", from),
      scalar("demo_slope", "slope of the demo's error in M", slope, "", from)};
  add_real(result, model, gauss.small[3], from);
  result.checks.push_back(check_between(
      "demo_falls", "the demo's error falls like M^-1/2: slope -0.6 .. -0.4", slope, -0.6, -0.4, from));
  result.checks.push_back(check_at_most("demo_small", "the demo looks good: error at M = 1024 below 0.1",
                                        gauss.small[3], 0.1, from));
  if (!model.unavailable.empty()) {
    result.notes.push_back(text("Real heads are missing here: ", model.unavailable, "."));
  }
  return result;
}

}  // namespace alab::ch05_03
