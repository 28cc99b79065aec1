// A stabiliser that looks at all positions, and an eps that stays: does a causal model see the future?
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"
#include "labs/ch05_03_feature_maps/rows.hpp"

namespace alab::ch05_03 {
namespace {

constexpr std::array<double, 6> kEps{1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4};
constexpr double kCodeEps = 1e-6;  // of the published code
constexpr std::int64_t kFeatures = 64;

struct Sequence {
  Tensor<double> query, key, value, w;
};

/// Causal outputs with the stabiliser of the published code: its maximum runs over every position of the
/// keys.
RowMatrix<double> causal_output(const Sequence& s, const Tensor<double>& key, double eps) {
  FeatureMap map = plain_map(FeatureKind::favor_positive, s.w.extent(0), Rows::orthogonal, 0);
  map.stabilizer = Stabilizer::projection_only;
  map.eps = eps;
  map.matrix = s.w;
  return output_of(implicit_map(map, s.query, key, true, "FAVOR+"), s.value);
}

/// The keys with the last one replaced by one along W's longest row that raises max w.k by `raise`.
Tensor<double> with_future(const Sequence& s, double raise) {
  Eigen::Index longest = 0;
  const double length = matrix(s.w).rowwise().norm().maxCoeff(&longest);
  const double now = (matrix(s.key) * matrix(s.w).transpose()).maxCoeff();
  Tensor<double> changed = s.key;
  matrix(changed).bottomRows(1) = (now + raise) / length * matrix(s.w).row(longest).normalized();
  return changed;
}

/// How far each output but the last moves when only the last key changes; relative to the largest output.
std::vector<double> movement(const Sequence& s, double raise, double eps) {
  const RowMatrix<double> before = causal_output(s, s.key, eps),
                          after = causal_output(s, with_future(s, raise), eps);
  const double largest = before.rowwise().norm().maxCoeff();
  std::vector<double> out;
  for (Eigen::Index i = 0; i + 1 < before.rows(); ++i) {
    out.push_back((before.row(i) - after.row(i)).norm() / largest);
  }
  return out;
}

double largest_of(const std::vector<double>& values) {
  double most = 0;
  for (const double v : values) {
    most = v <= most ? most : v;  // this way round, NaN stays
  }
  return most;
}

Plot position_plot(const std::vector<double>& with_eps, const std::vector<double>& without,
                   const Provenance& from) {
  std::vector<double> positions;
  for (std::size_t i = 0; i < without.size(); ++i) {
    positions.push_back(static_cast<double>(i));
  }
  Plot plot{"movement",
            text("Only the last key changed; with eps = 1e-6 earlier outputs move by up to ",
                 format_value(largest_of(with_eps), "error")),
            "Change of each earlier output, relative to the largest one. A causal model shows nothing but "
            "rounding.",
            {"position of the output", "", false},
            {"relative change", "", true},
            {}};
  plot.series = {
      plain("with_eps", "eps = 1e-6, as published", positions, with_eps, from, SeriesStyle::markers),
      plain("without_eps", "eps = 0", positions, without, from, SeriesStyle::markers)};
  return plot;
}

}  // namespace

Result run_leak(const ParamSet& params, const Context& context) {
  const std::int64_t length = params.integer(kLeakLength);
  const double raise = params.real(kRaise);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  Rng rng(seed);
  const Sequence s{rows_of_norm(length, kWidth, 1, rng), rows_of_norm(length, kWidth, 1, rng),
                   normal_rows(length, kValues, 1, rng),
                   draw_projection(kFeatures, kWidth, Rows::orthogonal, RowNorm::chi, seed + 1)};
  std::vector<double> by_eps, by_raise;
  for (const double eps : kEps) {
    context.progress.step(0.3, "changing the last key");
    by_eps.push_back(largest_of(movement(s, raise, eps)));
  }
  const std::vector<double> raises = evenly(0.5, 6, 12);
  for (const double r : raises) {
    context.progress.step(0.6, "changing the last key");
    by_raise.push_back(largest_of(movement(s, r, kCodeEps)));
  }
  const std::vector<double> none = movement(s, raise, 0), code = movement(s, raise, kCodeEps);
  const double eps_effect = rel_l2(causal_output(s, s.key, kCodeEps), causal_output(s, s.key, 0));
  const Provenance from = measured_here("outputs in double");
  Result result;
  result.input = text(length, " tokens of norm 1 in 16 dimensions, seed ", seed);
  Plot growth{"leak_by_eps",
              "The leak is proportional to eps",
              "Largest change of an earlier output, against the number added to every feature.",
              {"eps", "", true},
              {"largest relative change", "", true},
              {}};
  growth.series = {fitted("leak", "largest change", {kEps.begin(), kEps.end()}, by_eps, from)};
  const double slope = growth.series.front().slope;
  Plot future{
      "leak_by_raise",
      "... and it grows with what the future raises",
      "Largest change of an earlier output at eps = 1e-6, against how far the last key raises the maximum c.",
      {"raise of the maximum", "", false},
      {"largest relative change", "", true},
      {}};
  future.series = {plain("leak_raise", "eps = 1e-6", raises, by_raise, from, SeriesStyle::line_and_markers)};
  result.plots = {position_plot(code, none, from), std::move(growth), std::move(future)};
  result.scalars = {
      scalar("error_code", "largest change with eps = 1e-6", largest_of(code), "error", from),
      scalar("error_none", "largest change with eps = 0", largest_of(none), "error", from),
      scalar("error_slope", "slope of the leak in eps", slope, "", from),
      scalar("error_far", "largest change when the maximum rises by 6", by_raise.back(), "", from),
      scalar("error_eps", "outputs with eps = 1e-6 against eps = 0, relL2", eps_effect, "error", from)};
  result.checks = {
      check_at_most("causal", "eps = 0: earlier outputs do not move (1e-12)", largest_of(none), 1e-12, from)};
  add_where(
      result, raise == 1, "a raise of 1",
      check_between("leak", "eps = 1e-6: they do, by 1e-6 .. 1e-2", largest_of(code), 1e-6, 1e-2, from));
  add_where(result, raise == 1, "a raise of 1",
            check_between("proportional", "the leak grows like eps: slope 1 +- 0.1", slope, 0.9, 1.1, from));
  return result;
}

}  // namespace alab::ch05_03
