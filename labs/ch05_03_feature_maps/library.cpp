// What the published Performer code offers: rows of one length (the regularised kernel), eps, ReLU attention.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"
#include "labs/ch05_03_feature_maps/rows.hpp"

namespace alab::ch05_03 {
namespace {

constexpr std::int64_t kPairs = 32, kTokens = 128, kFeatures = 64;
constexpr int kRatioDraws = 300;
constexpr std::array<double, 6> kNorms{0.25, 0.5, 0.75, 1, 1.5, 2};

struct Ratio {
  double mean = 0, std_error = 0;
};

/// Mean over pairs and draws of estimate / e^{x.y} for rows of the given length; 16 rows a draw.
Ratio mean_ratio(RowNorm norm, double rho, int draws, std::uint64_t seed, const Progress& progress) {
  Rng rng(seed);
  const Tensor<double> x = rows_of_norm(kPairs, kWidth, rho, rng), y = rows_of_norm(kPairs, kWidth, rho, rng);
  const Eigen::VectorXd truth =
      (matrix(x).cwiseProduct(matrix(y))).rowwise().sum().array().unaryExpr([](double s) {
        return std::exp(s);
      });
  std::vector<double> means;  // over pairs, one per draw: draws are independent, pairs of a draw are not
  for (int draw = 0; draw < draws; ++draw) {
    if (draw % 50 == 0) {
      progress.step(static_cast<double>(draw) / draws, "drawing rows");
    }
    FeatureMap map = plain_map(FeatureKind::favor_positive, kWidth, Rows::orthogonal, 0);
    map.matrix = draw_projection(kWidth, kWidth, Rows::orthogonal, norm, rng);
    const Tensor<double> a = apply_feature_map(map, x, Role::query), b = apply_feature_map(map, y, Role::key);
    const Eigen::VectorXd got = matrix(a).cwiseProduct(matrix(b)).rowwise().sum();
    means.push_back(got.cwiseQuotient(truth).mean());
  }
  const double mean = mean_of(means);
  double variance = 0;
  for (const double m : means) {
    variance += (m - mean) * (m - mean) / (draws - 1);
  }
  return {mean, std::sqrt(variance / draws)};
}

struct Outputs {
  double eps = 0, relu = 0, favor = 0;  ///< relL2 against: the same without eps; softmax; softmax
};

Outputs outputs_at(double rho, double eps, std::uint64_t seed) {
  Rng rng(seed);
  const Tensor<double> q = rows_of_norm(kTokens, kWidth, rho, rng),
                       k = rows_of_norm(kTokens, kWidth, rho, rng), v = normal_rows(kTokens, kValues, 1, rng);
  FeatureMap favor = plain_map(FeatureKind::favor_positive, kFeatures, Rows::orthogonal, seed);
  favor.stabilizer = Stabilizer::projection_only;
  FeatureMap with_eps = favor;
  with_eps.eps = eps;
  FeatureMap relu = plain_map(FeatureKind::relu, kFeatures, Rows::orthogonal, seed);
  relu.eps = 1e-3;
  const RowMatrix<double> soft = output_of(softmax_weights(q, k, 1, false), v);
  const auto output = [&](const FeatureMap& map) { return output_of(implicit_map(map, q, k, false, ""), v); };
  const RowMatrix<double> plain_output = output(favor);
  return {rel_l2(output(with_eps), plain_output), rel_l2(output(relu), soft), rel_l2(plain_output, soft)};
}

}  // namespace

Result run_library(const ParamSet& params, const Context& context) {
  const double rho = params.real(kLibraryRho), eps = std::pow(10.0, params.real(kEpsExponent));
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const int draws = context.quick ? 40 : kRatioDraws;
  std::vector<double> plain_ratio, regular_ratio;
  for (std::size_t i = 0; i < kNorms.size(); ++i) {
    const Progress part =
        context.progress.part(static_cast<double>(i) / kNorms.size(), (i + 1.0) / kNorms.size());
    plain_ratio.push_back(mean_ratio(RowNorm::chi, kNorms[i], draws, seed, part).mean);
    regular_ratio.push_back(mean_ratio(RowNorm::sqrt_d, kNorms[i], draws, seed, part).mean);
  }
  const Ratio regular = mean_ratio(RowNorm::sqrt_d, rho, draws, seed, context.progress);
  const Outputs at = outputs_at(rho, eps, seed + 1), code = outputs_at(rho, 1e-6, seed + 1);
  const Provenance from = measured_here(text(draws, " draws of 16 orthogonal rows, 32 pairs, double"));
  const Provenance outputs = measured_here("128 tokens, 64 orthogonal rows, double");
  const std::vector<double> xs(kNorms.begin(), kNorms.end());
  Result result;
  result.quick = part_of(draws, kRatioDraws, "draws");
  result.input = text("rows of norm ", format_value(rho, ""), " in 16 dimensions, seed ", seed);
  Plot plot{"mean_ratio",
            text("Rows of one length underestimate: mean ", format_value(regular.mean, ""), " at norm ",
                 format_value(rho, "")),
            "Mean of estimate / e^(x.y). 1 is unbiased; rows of length sqrt(d) stay below it (theorem 1).",
            {"row norm rho", "", false},
            {"mean estimate / truth", "", false},
            {}};
  plot.series = {
      plain("chi", "lengths of a Gaussian (scaling 0)", xs, plain_ratio, from, SeriesStyle::line_and_markers),
      plain("sqrt_d", "all of length sqrt(d) (scaling 1)", xs, regular_ratio, from,
            SeriesStyle::line_and_markers),
      level("one", "unbiased", xs.front(), xs.back(), 1, modelled_by("1"))};
  result.plots.push_back(std::move(plot));
  result.scalars = {
      scalar("regular", "mean estimate / truth, rows of one length", regular.mean, "", from),
      scalar("regular_error", "its standard error", regular.std_error, "", from),
      scalar("error_eps", "your eps against none, output", at.eps, "error", outputs),
      scalar("error_relu", "ReLU attention against softmax, output", at.relu, "", outputs),
      scalar("error_favor", "FAVOR+ with 64 rows against softmax, output", at.favor, "", outputs)};
  result.checks = {check_between("smreg",
                                 "rows of one length: mean estimate / truth at most 1 + 3 standard errors",
                                 regular.mean - 3 * regular.std_error, 0, 1, from)};
  add_where(result, rho <= 1, "norms up to 1",
            check_at_most("eps_small", "eps = 0 and eps = 1e-6 differ by at most 1e-4 in the output",
                          code.eps, 1e-4, outputs));
  return result;
}

}  // namespace alab::ch05_03
