// The Taylor-2 map replaces e^x by 1 + x + x^2/2, which has a floor of 1/2. How low do real products go?
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <limits>

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"
#include "labs/ch05_03_feature_maps/rows.hpp"

namespace alab::ch05_03 {
namespace {

constexpr double kLast = 4, kBin = 0.1;  // of the histogram
constexpr std::int64_t kPoints = 400;    // pairs drawn as points

struct Products {
  std::vector<double> x, taylor;  ///< score q.k / sqrt d in double, product of float features
  double worst = 0;               ///< largest |product - formula| over |phi(q)| |phi(k)|
};

Products products_of(const Tensor<double>& q, const Tensor<double>& k) {
  FeatureMap map;
  map.kind = FeatureKind::taylor2;
  const Tensor<float> phi_q = apply_feature_map(map, q.cast<float>(), Role::query);
  const Tensor<float> phi_k = apply_feature_map(map, k.cast<float>(), Role::key);
  const RowMatrix<float> got = matrix(phi_q) * matrix(phi_k).transpose();
  const double scale = 1 / std::sqrt(static_cast<double>(q.extent(1)));
  const RowMatrix<double> scores = scale * matrix(q) * matrix(k).transpose();
  const Eigen::VectorXd size_q = matrix(phi_q).cast<double>().rowwise().norm(),
                        size_k = matrix(phi_k).cast<double>().rowwise().norm();
  const RowMatrix<double> formula = (1 + scores.array() + scores.array().square() / 2).matrix();
  const RowMatrix<double> off =
      (got.cast<double>() - formula).cwiseAbs().cwiseQuotient(size_q * size_k.transpose());
  return {{scores.data(), scores.data() + scores.size()},
          {got.data(), got.data() + got.size()},
          off.maxCoeff<Eigen::PropagateNaN>()};
}

std::vector<double> histogram(const std::vector<double>& values) {
  std::vector<double> share(static_cast<std::size_t>(std::llround(kLast / kBin)), 0);
  for (const double v : values) {
    const auto bin = static_cast<std::int64_t>(std::floor(v / kBin));
    if (bin >= 0 && bin < static_cast<std::int64_t>(share.size())) {
      share[static_cast<std::size_t>(bin)] += 1.0 / static_cast<double>(values.size());
    }
  }
  return share;
}

Plot histogram_plot(const Products& p, double lowest, const Provenance& from) {
  std::vector<double> exps, centres;
  std::ranges::transform(p.x, std::back_inserter(exps), [](double x) { return std::exp(x); });
  const std::vector<double> taylor = histogram(p.taylor), exact = histogram(exps);
  for (std::size_t b = 0; b < taylor.size(); ++b) {
    centres.push_back((static_cast<double>(b) + 0.5) * kBin);
  }
  Plot plot{
      "histogram",
      text("No Taylor-2 product lies below ", format_value(lowest, "")),
      "Share of all query-key pairs by the value of their product, before rows are divided by their sum.",
      {"phi(q).phi(k)", "", false},
      {"share of pairs", "", false},
      {}};
  plot.series = {plain("taylor", "Taylor-2, fp32 features", centres, taylor, from, SeriesStyle::bars),
                 plain("exp", "exp(x)", centres, exact, from, SeriesStyle::line)};
  return plot;
}

Plot curve_plot(const Products& p, const Provenance& from) {
  const auto [least, most] = std::ranges::minmax(p.x);
  const std::vector<double> xs = evenly(std::max(least, -6.0), std::min(most, 4.0), 121);
  std::vector<double> parabola, exact;
  for (const double x : xs) {
    parabola.push_back(1 + x + x * x / 2);
    exact.push_back(std::exp(x));
  }
  std::vector<double> px, py;
  const std::size_t stride = std::max<std::size_t>(1, p.x.size() / kPoints);
  for (std::size_t i = 0; i < p.x.size(); i += stride) {
    if (p.x[i] >= xs.front() && p.x[i] <= xs.back()) {
      px.push_back(p.x[i]);
      py.push_back(p.taylor[i]);
    }
  }
  Plot plot{"curves",
            "Left of x = -1 the parabola rises again: a worse match gets a larger weight",
            "Points are products of fp32 features; the lines are what they stand for.",
            {"score x = q.k / sqrt d", "", false},
            {"value before the division", "", false},
            {}};
  plot.series = {plain("points", "products of features", px, py, from, SeriesStyle::markers),
                 plain("parabola", "1 + x + x^2/2", xs, parabola, modelled_by("1 + x + x^2/2")),
                 plain("exact", "e^x", xs, exact, modelled_by("e^x"), SeriesStyle::dashed)};
  return plot;
}

}  // namespace

Result run_taylor(const ParamSet& params, const Context& context) {
  context.progress.step(0, "products of Taylor features");
  const std::int64_t length = params.integer(kLength), dim = params.integer(kHeadDim);
  const double spread = params.real(kSpread);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  Rng rng(seed);
  const Tensor<double> q = normal_rows(length, dim, spread, rng), k = normal_rows(length, dim, spread, rng);
  const Products p = products_of(q, k);
  const bool all_finite = std::ranges::all_of(p.taylor, [](double v) { return std::isfinite(v); });
  const double lowest =
      all_finite ? *std::ranges::min_element(p.taylor) : std::numeric_limits<double>::quiet_NaN();
  const auto rising = static_cast<double>(std::ranges::count_if(p.x, [](double x) { return x < -1; }));
  const Provenance from = measured_here("float features, products in float");
  Result result;
  result.input = text("normal rows, seed ", seed, " (", length, " tokens, head_dim ", dim, ")");
  result.plots = {histogram_plot(p, lowest, from), curve_plot(p, from)};
  result.scalars = {
      scalar("lowest", "lowest product found", lowest, "", from),
      scalar("below_half", "by how much it undercuts 1/2", std::max(0.0, 0.5 - lowest), "error", from),
      scalar("rising_share", "share of pairs left of x = -1, in percent",
             100 * rising / static_cast<double>(p.x.size()), "", from, "%"),
      scalar("lowest_exp", "lowest e^x among the same pairs", std::exp(*std::ranges::min_element(p.x)), "",
             from)};
  result.checks = {
      check_at_most("formula", "products equal 1 + x + x^2/2 within T32 of their size", p.worst, kT32, from)};
  add_where(
      result, spread <= 1, "a spread of at most 1: larger scores round more coarsely",
      check_between("floor", "1/2 minus the lowest product: at most 1e-6", 0.5 - lowest, -1, 1e-6, from));
  add_where(
      result, spread >= 1 && length >= 128, "a spread of at least 1 and 128 tokens",
      check_between("reached", "the floor is reached: lowest product below 0.501", lowest, 0, 0.501, from));
  return result;
}

}  // namespace alab::ch05_03
