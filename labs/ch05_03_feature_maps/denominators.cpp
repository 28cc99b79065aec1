// A row of weights is divided by phi(q).z. How often is that sum zero or negative?
// SPDX-License-Identifier: MIT
#include <algorithm>

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"
#include "labs/ch05_03_feature_maps/rows.hpp"

namespace alab::ch05_03 {
namespace {

constexpr std::int64_t kTokens = 256, kDrawnTokens = 96;
constexpr std::array<double, 7> kNorms{0.5, 0.75, 1, 1.25, 1.5, 2, 2.5};

struct Rows256 {
  Tensor<double> query, key;
};
Rows256 unit_pairs(std::int64_t count, std::uint64_t seed) {
  Rng rng(seed);
  return {rows_of_norm(count, kWidth, 1, rng), rows_of_norm(count, kWidth, 1, rng)};
}

/// Queries whose phi(q).z is not above 0, summed over draws of W.
double non_positive(FeatureKind kind, const Rows256& unit, double rho, std::int64_t rows, int draws,
                    std::uint64_t seed, const Progress& progress) {
  double count = 0;
  for (int draw = 0; draw < draws; ++draw) {
    progress.step(static_cast<double>(draw) / draws, "summing features");
    const FeatureMap map =
        with_drawn(plain_map(kind, rows, Rows::orthogonal, seed + static_cast<std::uint64_t>(draw)), kWidth);
    const Tensor<double> phi_q = apply_feature_map(map, scaled(unit.query, rho), Role::query);
    const Tensor<double> phi_k = apply_feature_map(map, scaled(unit.key, rho), Role::key);
    const Eigen::VectorXd sums = matrix(phi_q) * matrix(phi_k).colwise().sum().transpose();
    count += static_cast<double>(std::ranges::count_if(sums, [](double s) { return !(s > 0); }));
  }
  return count;
}

/// The trigonometric map of the draw with the most sums that are not positive.
WeightMap worst_map(const Tensor<double>& query, const Tensor<double>& key, std::int64_t rows, int draws,
                    std::uint64_t seed) {
  WeightMap worst;
  std::int64_t most = -1;
  for (int draw = 0; draw < draws; ++draw) {
    const FeatureMap map = plain_map(FeatureKind::favor_trigonometric, rows, Rows::orthogonal,
                                     seed + static_cast<std::uint64_t>(draw));
    WeightMap drawn = implicit_map(map, query, key, false, "trigonometric features");
    const std::int64_t count = std::ranges::count_if(drawn.denominator, [](double s) { return !(s > 0); });
    if (count > most) {
      most = count;
      worst = std::move(drawn);
    }
  }
  return worst;
}

Plot count_plot(const std::vector<double>& trig, const std::vector<double>& positive, double all, double here,
                const Provenance& from) {
  const std::vector<double> xs(kNorms.begin(), kNorms.end());
  Plot plot{"counts",
            text("Trigonometric features: ", format_value(here, "count"), " of ", format_value(all, "count"),
                 " sums are not positive; positive features: none"),
            "Queries whose weights are divided by a sum that is zero or negative, over all draws of W.",
            {"row norm rho", "", false},
            {"sums <= 0", "rows", false},
            {}};
  plot.series = {plain("trig", "trigonometric", xs, trig, from, SeriesStyle::line_and_markers),
                 plain("positive", "positive", xs, positive, from, SeriesStyle::line_and_markers)};
  return plot;
}

}  // namespace

Result run_denominators(const ParamSet& params, const Context& context) {
  const double rho = params.real(kSumRho);
  const std::int64_t rows = params.integer(kSumRows);
  const int draws = params.integer32(kSumDraws);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const Rows256 unit = unit_pairs(kTokens, seed);
  const auto count = [&](FeatureKind kind, double norm) {
    return non_positive(kind, unit, norm, rows, draws, seed + 1, context.progress);
  };
  std::vector<double> trig, positive;
  for (const double norm : kNorms) {
    trig.push_back(count(FeatureKind::favor_trigonometric, norm));
    positive.push_back(count(FeatureKind::favor_positive, norm));
  }
  const double trig_here = count(FeatureKind::favor_trigonometric, rho);
  double positive_sum = count(FeatureKind::favor_positive, rho) + count(FeatureKind::favor_hyperbolic, rho);
  for (const double c : positive) {
    positive_sum += c;
  }
  const double all = static_cast<double>(kTokens) * draws;
  const Provenance from = measured_here(text(draws, " draws of W, 256 queries each, double"));
  Result result;
  result.input =
      text("256 queries and keys of norm ", format_value(rho, ""), " in 16 dimensions, seed ", seed);
  result.plots.push_back(count_plot(trig, positive, all, trig_here, from));

  const Rows256 few = unit_pairs(kDrawnTokens, seed);
  const Tensor<double> q = scaled(few.query, rho), k = scaled(few.key, rho);
  add_implicit_map(result, softmax_weights(q, k, 1, false), worst_map(q, k, rows, draws, seed + 1), {});
  result.scalars.push_back(scalar("trig_count", "sums <= 0, trigonometric", trig_here, "count", from));
  result.scalars.push_back(
      scalar("positive_count", "sums <= 0, positive and hyperbolic, all norms", positive_sum, "count", from));
  result.scalars.push_back(scalar("sums", "sums looked at", all, "count", counted_by("queries x draws")));
  result.scalars.push_back(
      scalar("trig_percent", "share of sums <= 0, trigonometric", 100 * trig_here / all, "", from, "%"));
  result.checks.push_back(check_exactly("positive_zero", "positive features: exactly 0 sums are not positive",
                                        positive_sum, 0, from));
  add_where(result, rho == 1.5 && rows == 8 && draws >= 10, "a norm of 1.5, 8 rows and at least 10 draws",
            check_between("trig_some", "trigonometric features: more than 0 sums are not positive", trig_here,
                          1, all, from));
  result.notes.push_back(
      "The maps show 96 tokens and the draw of W with the most sums that are not positive.");
  return result;
}

}  // namespace alab::ch05_03
