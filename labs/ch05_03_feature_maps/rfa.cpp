// Random Feature Attention: unit rows let the dangerous prefactor cancel. Error against D, sums, and a
// constant gate. SPDX-License-Identifier: MIT
#include "reference/rfa.hpp"

#include <algorithm>
#include <cmath>

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"
#include "labs/ch05_03_feature_maps/rows.hpp"
#include "reference/core/compare.hpp"
#include "reference/simple_gate.hpp"

namespace alab::ch05_03 {
namespace {

constexpr std::int64_t kTokens = 128;
constexpr int kRfaDraws = 6;
constexpr std::array<std::int64_t, 5> kFeatureRows{32, 64, 128, 256, 512};

struct Problem {
  Tensor<double> query, key, value;
};

/// Normal rows, each times e^{spread z}.
Tensor<double> uneven_rows(std::int64_t rows, double spread, Rng& rng) {
  Tensor<double> out = normal_rows(rows, kWidth, 1, rng);
  for (Eigen::Index i = 0; i < rows; ++i) {
    matrix(out).row(i) *= std::exp(spread * rng.normal());
  }
  return out;
}

Tensor<double> unit(const Tensor<double>& rows) {
  Tensor<double> out = rows;
  matrix(out).rowwise().normalize();
  return out;
}

WeightMap trig_map(const Problem& p, bool unit_norm, std::int64_t rows, std::uint64_t seed) {
  const FeatureMap map = plain_map(FeatureKind::rff_pairs, rows, Rows::iid, seed);
  return implicit_map(map, unit_norm ? unit(p.query) : p.query, unit_norm ? unit(p.key) : p.key, false,
                      "RFA");
}

double non_positive(const WeightMap& map) {
  return static_cast<double>(std::ranges::count_if(map.denominator, [](double s) { return !(s > 0); }));
}

/// relL2 between the state of gated RFA with a constant gate and (1 - g) times that of retention with gamma =
/// g.
double gate_difference(const Problem& p, double gate, std::uint64_t seed) {
  const auto as_head = [](const Tensor<double>& rows) {
    return Tensor<float>({1, rows.extent(0), rows.extent(1)},
                         std::vector<float>(rows.span().begin(), rows.span().end()));
  };
  const Tensor<double> w = draw_projection(32, kWidth, Rows::iid, RowNorm::chi, seed);
  const Tensor<float> gates({1, kTokens}, std::vector<float>(kTokens, static_cast<float>(gate)));
  const auto rfa = random_feature_attention(as_head(p.query), as_head(p.key), as_head(p.value),
                                            w.cast<float>(), {}, gates);
  FeatureMap map;
  map.kind = FeatureKind::rff_pairs;
  map.matrix = w;
  SimpleGateProblem<float> retention;
  retention.query = apply_feature_map(map, as_head(unit(p.query)), Role::query);
  retention.key = apply_feature_map(map, as_head(unit(p.key)), Role::key);
  retention.value = as_head(p.value);
  retention.log_decay = constant_log_decay<float>(1, kTokens, static_cast<double>(static_cast<float>(gate)));
  Tensor<double> state = simple_gate_recurrent(retention).state.cast<double>();
  for (double& x : state.span()) {
    x *= 1 - gate;
  }
  return difference<float>(rfa.state.span(), state.span()).rel_l2;
}

}  // namespace

Result run_rfa(const ParamSet& params, const Context& context) {
  const double spread = params.real(kNormSpread), gate = params.real(kGate);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const int draws = context.quick ? 1 : kRfaDraws;
  Rng rng(seed);
  const Problem p{uneven_rows(kTokens, spread, rng), uneven_rows(kTokens, spread, rng),
                  normal_rows(kTokens, kValues, 1, rng)};
  const RowMatrix<double> truth = output_of(softmax_weights(unit(p.query), unit(p.key), 1, false), p.value);
  std::vector<double> error, with_unit, without;
  for (const std::int64_t rows : kFeatureRows) {
    double sum = 0, bad_unit = 0, bad = 0;
    for (int draw = 0; draw < draws; ++draw) {
      context.progress.step(static_cast<double>(rows) / kFeatureRows.back(), text("D = ", rows));
      const std::uint64_t drawn = seed + static_cast<std::uint64_t>(1000 * rows + draw);
      const WeightMap map = trig_map(p, true, rows, drawn);
      sum += rel_l2(output_of(map, p.value), truth) / draws;
      bad_unit += non_positive(map) / draws;
      bad += non_positive(trig_map(p, false, rows, drawn)) / draws;
    }
    error.push_back(sum);
    with_unit.push_back(bad_unit);
    without.push_back(bad);
  }
  const Provenance from = measured_here(text(draws, " draws of W, 128 tokens, double"));
  const std::vector<double> xs(kFeatureRows.begin(), kFeatureRows.end());
  Result result;
  result.quick = part_of(draws, kRfaDraws, "draws of W");
  result.input = text("normal rows with uneven norms, seed ", seed, " (128 tokens, head_dim 16)");
  Plot errors{"error_by_d",
              "",
              "Output of RFA against softmax of the same unit rows. Four times the features halve the error.",
              {"random rows D", "", true},
              {"relL2 error of the output", "", true},
              {}};
  errors.series = {fitted("error", "unit rows", xs, error, from)};
  const double slope = errors.series.front().slope;
  errors.title = text("Error falls like D^", format_value(slope, ""));
  Plot sums{"sums",
            text("At D = 32: ", format_value(without.front(), ""), " of 128 sums are not positive as drawn, ",
                 format_value(with_unit.front(), ""), " with unit rows"),
            "Rows whose weights are divided by a sum that is zero or negative, averaged over draws.",
            {"random rows D", "", true},
            {"sums <= 0", "rows", false},
            {}};
  sums.series = {plain("without", "rows as drawn", xs, without, from, SeriesStyle::line_and_markers),
                 plain("unit", "unit rows", xs, with_unit, from, SeriesStyle::line_and_markers)};
  result.plots = {std::move(errors), std::move(sums)};
  const double apart = gate_difference(p, gate, seed + 5);
  const Provenance in_float = measured_here("states in float");
  result.scalars = {
      scalar("slope", "slope of the error in D", slope, "", from),
      scalar("error_32", "error at D = 32", error.front(), "", from),
      scalar("error_512", "error at D = 512", error.back(), "", from),
      scalar("error_ratio", "error at D = 32 over that at D = 512", error.front() / error.back(), "", from),
      scalar("bad_as_drawn", "sums <= 0 at D = 32, rows as drawn", without.front(), "", from),
      scalar("bad_unit", "sums <= 0 at D = 32, unit rows", with_unit.front(), "", from),
      scalar("error_gate", "gated RFA against (1 - g) retention", apart, "error", in_float)};
  result.checks = {check_between("slope_half", "slope of the error: -0.5 +- 0.1", slope, -0.6, -0.4, from),
                   check_at_most("gate_is_retention",
                                 "a constant gate g is (1 - g) times retention with gamma = g, within T32",
                                 apart, kT32, in_float)};
  return result;
}

}  // namespace alab::ch05_03
