// Lemma 2 of Performer at one pair of vectors: four estimators, their errors measured and by formula.
// SPDX-License-Identifier: MIT
#include <cmath>
#include <numbers>

#include "labs/ch05_03_feature_maps/estimators.hpp"
#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"
#include "labs/ch05_03_feature_maps/rows.hpp"

namespace alab::ch05_03 {
namespace {

constexpr std::array<std::string_view, kEstimators> kKeys{"trig", "pos", "hyp", "orth"};
constexpr std::array<std::string_view, kEstimators> kNames{"trigonometric", "positive", "hyperbolic positive",
                                                           "positive, orthogonal rows"};
constexpr std::array<FeatureKind, 3> kKinds{FeatureKind::favor_trigonometric, FeatureKind::favor_positive,
                                            FeatureKind::favor_hyperbolic};
constexpr std::array<double, 9> kAngles{30, 45, 60, 75, 90, 105, 120, 135, 150};
constexpr std::size_t k90 = 4, k120 = 6;

double radians(double degrees) {
  return degrees * std::numbers::pi / 180;
}

/// Lemma 2, or the bound of theorem 2 for orthogonal rows.
double formula(std::size_t estimator, double degrees, double length, std::int64_t rows) {
  std::array<double, kWidth> x{}, y{};
  x[0] = length;
  y[0] = length * std::cos(radians(degrees));
  y[1] = length * std::sin(radians(degrees));
  return estimator == orthogonal ? favor_orthogonal_bound(x, y, rows)
                                 : favor_squared_error(kKinds[estimator], x, y, rows);
}

Plot error_plot(const std::vector<PairErrors>& measured, double length, std::int64_t rows,
                const Provenance& from) {
  Plot plot{"mse_by_angle",
            text("At 90 degrees: trigonometric ", format_value(measured[k90].mse[trigonometric], ""),
                 ", hyperbolic ", format_value(measured[k90].mse[hyperbolic], ""), ", positive ",
                 format_value(measured[k90].mse[positive], "")),
            "Mean squared error of the estimate of e^(x.y). Points: drawn. Lines: the paper's formulas; for "
            "orthogonal rows an upper bound.",
            {"angle between x and y", "degrees", false},
            {"mean squared error", "", true},
            {}};
  const Provenance lemma = modelled_by("lemma 2 of arXiv:2009.14794"),
                   theorem = modelled_by("theorem 2 of arXiv:2009.14794");
  for (std::size_t e = 0; e < kEstimators; ++e) {
    std::vector<double> lines, points;
    for (std::size_t a = 0; a < kAngles.size(); ++a) {
      lines.push_back(formula(e, kAngles[a], length, rows));
      points.push_back(measured[a].mse[e]);
    }
    const std::vector<double> xs(kAngles.begin(), kAngles.end());
    plot.series.push_back(
        plain(text(kKeys[e], "_drawn"), text(kNames[e], ", drawn"), xs, points, from, SeriesStyle::markers));
    plot.series.push_back(plain(text(kKeys[e], e == orthogonal ? "_bound" : "_formula"),
                                text(kNames[e], e == orthogonal ? ", bound" : ", formula"), xs, lines,
                                e == orthogonal ? theorem : lemma,
                                e == orthogonal ? SeriesStyle::dashed : SeriesStyle::line));
    plot.series.back().twin = text(kKeys[e], "_drawn");
  }
  return plot;
}

Table pair_table(const PairErrors& mine, double angle, double length, std::int64_t rows,
                 const Provenance& from) {
  Table table;
  table.key = "your_pair";
  table.title = text("At your angle of ", format_value(angle, ""),
                     " degrees, e^(x.y) = ", format_value(mine.truth, ""));
  table.note =
      "Below 60 degrees rare huge draws carry the error of positive features: most runs report too little.";
  table.columns = {
      "estimator",      "features", "mean estimate", "squared error, drawn", "squared error, formula",
      "drawn / formula"};
  for (std::size_t e = 0; e < kEstimators; ++e) {
    const bool twice = e == trigonometric || e == hyperbolic;
    const double expected = formula(e, angle, length, rows);
    table.rows.push_back(
        {Cell::words(std::string(kNames[e])),
         Cell::number(static_cast<double>(twice ? 2 * rows : rows), "count",
                      counted_by("features of one vector")),
         Cell::number(mine.mean[e], "", from), Cell::number(mine.mse[e], "", from),
         Cell::number(expected, "", modelled_by(e == orthogonal ? "theorem 2, upper bound" : "lemma 2")),
         Cell::number(mine.mse[e] / expected, "ratio", from)});
  }
  return table;
}

/// The largest |mean - truth| in standard errors over the estimators at one angle.
double worst_bias(const PairErrors& at) {
  double worst = 0;
  for (std::size_t e = 0; e < kEstimators; ++e) {
    const double z = std::abs(at.mean[e] - at.truth) / at.std_error[e];
    worst = z <= worst ? worst : z;
  }
  return worst;
}

void add_checks(Result& result, const std::vector<PairErrors>& at, double length, std::int64_t rows,
                bool stated, const Provenance& from) {
  const auto ratio = [&](std::size_t angle, Estimator e) {
    return at[angle].mse[e] / formula(e, kAngles[angle], length, rows);
  };
  const auto gate = [&](Check check) {
    add_where(result, stated, "length 1, 16 rows and 40,000 draws", std::move(check));
  };
  const auto near = [&](std::string key, std::string label, double value, double low, double high) {
    gate(check_between(std::move(key), std::move(label), value, low, high, from));
  };
  near("trig_90", "trigonometric at 90: drawn / formula in 0.95 .. 1.05", ratio(k90, trigonometric), 0.95,
       1.05);
  near("trig_120", "trigonometric at 120: 0.95 .. 1.05", ratio(k120, trigonometric), 0.95, 1.05);
  near("hyp_90", "hyperbolic at 90: 0.90 .. 1.10", ratio(k90, hyperbolic), 0.90, 1.10);
  near("hyp_120", "hyperbolic at 120: 0.95 .. 1.05", ratio(k120, hyperbolic), 0.95, 1.05);
  near("pos_90", "positive at 90: 0.85 .. 1.15", ratio(k90, positive), 0.85, 1.15);
  near("pos_120", "positive at 120: 0.95 .. 1.05", ratio(k120, positive), 0.95, 1.05);
  near("tie", "trigonometric and hyperbolic tie at 90: ratio within 0.1 of 1",
       at[k90].mse[trigonometric] / at[k90].mse[hyperbolic], 0.9, 1.1);
  double against_iid = 0, against_bound = 0, bias = 0;
  for (const std::size_t a : {k90, k120}) {
    against_iid = std::max(against_iid, at[a].mse[orthogonal] / at[a].mse[positive]);
    against_bound = std::max(against_bound, ratio(a, orthogonal));
    bias = std::max(bias, worst_bias(at[a]));
  }
  near("orth_iid", "orthogonal rows err less than independent ones, at 90 and 120", against_iid, 0, 0.999);
  near("orth_bound", "orthogonal rows err less than 1.03 times theorem 2's bound", against_bound, 0, 1.03);
  near("unbiased", "every mean within 4 standard errors of e^(x.y), at 90 and 120", bias, 0, 4);
  const Provenance lemma = modelled_by("lemma 2 of arXiv:2009.14794");
  const auto quotient = [&](double angle) {
    return formula(trigonometric, angle, length, rows) / formula(hyperbolic, angle, length, rows);
  };
  result.checks.push_back(check_between("crossing", "the formulas of trigonometric and hyperbolic meet at 90",
                                        quotient(90), 1 - 1e-9, 1 + 1e-9, lemma));
  result.checks.push_back(
      check_between("trig_wins", "at 60 trigonometric is the better one: trigonometric / hyperbolic below 1",
                    quotient(60), 0, 0.999, lemma));
  result.checks.push_back(
      check_between("hyp_wins", "at 120 hyperbolic is the better one: hyperbolic / trigonometric below 1",
                    1 / quotient(120), 0, 0.999, lemma));
}

}  // namespace

Result run_lemma(const ParamSet& params, const Context& context) {
  const double angle = params.real(kAngle), length = params.real(kRowLength);
  const std::int64_t rows = params.integer(kLemmaRows), wanted = params.integer(kLemmaDraws);
  const std::int64_t draws = context.quick ? std::min<std::int64_t>(wanted, 2000) : wanted;
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  std::vector<double> angles;
  for (const double degrees : kAngles) {
    angles.push_back(radians(degrees));
  }
  angles.push_back(radians(angle));
  Rng rng(seed);
  const std::vector<PairErrors> at = errors_at(angles, length, rows, kWidth, draws, rng, context.progress);
  const PairErrors& mine = at.back();
  const Provenance from = measured_here(text(draws, " draws of W, estimates in double"));
  Result result;
  result.quick = part_of(draws, wanted, "draws");
  result.input = text("two vectors of length ", format_value(length, ""), " in 16 dimensions, seed ", seed);
  result.plots.push_back(error_plot(at, length, rows, from));
  result.tables.push_back(pair_table(mine, angle, length, rows, from));
  for (std::size_t e = 0; e < kEstimators; ++e) {
    result.scalars.push_back(scalar(
        text("mse_", kKeys[e]), text("squared error, ", kNames[e], ", your angle"), mine.mse[e], "", from));
    result.scalars.push_back(scalar(text("formula_", kKeys[e]), text("formula, ", kNames[e], ", your angle"),
                                    formula(e, angle, length, rows), "",
                                    modelled_by("lemma 2, theorem 2 of arXiv:2009.14794")));
  }
  const double sum_square = 2 * length * length * (1 + std::cos(radians(90)));
  result.scalars.push_back(scalar("positive_over_hyp", "positive / hyperbolic at 90, 2 / (1 - e^-|x+y|^2)",
                                  2 / (1 - std::exp(-sum_square)), "ratio", modelled_by("lemma 2")));
  add_checks(result, at, length, rows, length == 1 && rows == 16 && draws == 40000, from);
  return result;
}

}  // namespace alab::ch05_03
