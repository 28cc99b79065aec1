// Positive features of long rows in fp32: what is subtracted in the exponent decides between numbers and 0/0.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"
#include "labs/ch05_03_feature_maps/rows.hpp"
#include "reference/linear_attention.hpp"

namespace alab::ch05_03 {
namespace {

constexpr std::int64_t kTokens = 64;
constexpr std::array<double, 9> kNorms{1, 2.5, 5, 7.5, 10, 15, 20, 25, 30};

struct Variant {
  std::string_view key, name;
  FeatureKind kind;
  Stabilizer stabilizer;
  double eps;
};
constexpr Variant kVariants[] = {
    {"off", "nothing subtracted", FeatureKind::favor_positive, Stabilizer::off, 0},
    {"full", "max of w.x - |x|^2/2 subtracted", FeatureKind::favor_positive, Stabilizer::full, 0},
    {"projection", "max of w.x alone subtracted", FeatureKind::favor_positive, Stabilizer::projection_only,
     0},
    {"projection_eps", "max of w.x alone, eps = 1e-6", FeatureKind::favor_positive,
     Stabilizer::projection_only, 1e-6},
    {"trig", "trigonometric", FeatureKind::favor_trigonometric, Stabilizer::off, 0}};
constexpr std::size_t kOff = 0, kFull = 1, kProjection = 2, kEps = 3, kCount = std::size(kVariants);

struct Problem {
  Tensor<double> query, key, value;  ///< unit rows, values
};

Tensor<float> as_head(const Tensor<double>& rows) {
  return Tensor<double>({1, rows.extent(0), rows.extent(1)}, {rows.span().begin(), rows.span().end()})
      .cast<float>();
}

struct Outcome {
  double broken = 0;      ///< rows that are not numbers
  double to_truth = 0;    ///< relL2 of the float output to the same features' exact attention
  double to_average = 0;  ///< relL2 to the plain average of the values
};

Outcome run_variant(const Variant& v, const Problem& p, double rho, const Tensor<double>& w) {
  FeatureMap map = plain_map(v.kind, w.extent(0), Rows::orthogonal, 0);
  map.matrix = w;
  const auto output = [&](auto& problem) {
    return linear_attention_parallel(problem, {.causal = false}).output;
  };
  const Tensor<double> q = scaled(p.query, rho), k = scaled(p.key, rho);
  FeatureMap fast = map;
  fast.stabilizer = v.stabilizer;
  fast.eps = v.eps;
  const auto in_float = linear_attention_problem(fast, as_head(q), as_head(k), as_head(p.value));
  FeatureMap exact = map;
  exact.stabilizer = Stabilizer::full;
  const auto in_double = linear_attention_problem(exact, as_head(q).cast<double>(), as_head(k).cast<double>(),
                                                  as_head(p.value).cast<double>());
  const Tensor<float> got = output(in_float);
  const RowMatrix<double> rows = head(got, 0).cast<double>();
  const Tensor<double> truth = output(in_double);
  const RowMatrix<double> average = matrix(p.value).colwise().mean().replicate(rows.rows(), 1);
  Outcome out;
  for (const auto& row : rows.rowwise()) {
    out.broken += row.allFinite() ? 0 : 1;
  }
  out.to_truth = rel_l2(rows, head(truth, 0));
  out.to_average = rel_l2(rows, average);
  return out;
}

Table variant_table(const std::array<Outcome, kCount>& at, const Provenance& from) {
  Table table;
  table.key = "variants";
  table.title = "The same rows, five ways to form the features in fp32";
  table.note = "An output equal to the plain average of the values looks healthy and says nothing.";
  table.columns = {"features", "rows of 0/0 or inf", "error against double", "distance to the average of V"};
  for (std::size_t v = 0; v < kCount; ++v) {
    table.rows.push_back(
        {Cell::words(std::string(kVariants[v].name)), Cell::number(at[v].broken, "count", from),
         Cell::number(at[v].to_truth, "error", from), Cell::number(at[v].to_average, "error", from)});
  }
  return table;
}

void add_checks(Result& result, const std::array<Outcome, kCount>& at, bool stated, const Provenance& from) {
  const std::string where = "a row norm of 20 and 64 rows of W";
  const auto all = static_cast<double>(kTokens);
  add_where(result, stated, where,
            check_exactly("off_broken", "nothing subtracted: 0/0 in every row", at[kOff].broken, all, from));
  add_where(result, stated, where,
            check_exactly("projection_broken", "max of w.x alone, eps = 0: 0/0 in every row",
                          at[kProjection].broken, all, from));
  add_where(result, stated, where,
            check_at_most("eps_average", "with eps the output is the plain average of V", at[kEps].to_average,
                          1e-3, from));
  result.checks.push_back(check_exactly("on_finite", "the full maximum subtracted: every row is finite",
                                        at[kFull].broken, 0, from));
}

}  // namespace

Result run_stabiliser(const ParamSet& params, const Context& context) {
  const double rho = params.real(kFarRho);
  const std::int64_t rows = params.integer(kRows);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  Rng rng(seed);
  const Problem p{rows_of_norm(kTokens, kWidth, 1, rng), rows_of_norm(kTokens, kWidth, 1, rng),
                  normal_rows(kTokens, kValues, 1, rng)};
  const Tensor<double> w = draw_projection(rows, kWidth, Rows::orthogonal, RowNorm::chi, seed + 1);
  const Provenance from = measured_here("features and sums in float, against double");
  std::array<Outcome, kCount> at;
  Plot plot{
      "broken",
      "",
      "Share of the 64 queries whose output is not a number. Colours: what is subtracted in the exponent.",
      {"row norm rho", "", false},
      {"rows of 0/0 or inf", "%", false},
      {}};
  for (std::size_t v = 0; v < kCount; ++v) {
    std::vector<double> share;
    for (const double norm : kNorms) {
      context.progress.step(static_cast<double>(v) / kCount, kVariants[v].name);
      share.push_back(100 * run_variant(kVariants[v], p, norm, w).broken / kTokens);
    }
    at[v] = run_variant(kVariants[v], p, rho, w);
    plot.series.push_back(plain(std::string(kVariants[v].key), std::string(kVariants[v].name),
                                {kNorms.begin(), kNorms.end()}, share, from, SeriesStyle::line_and_markers));
  }
  plot.title = text("At norm ", format_value(rho, ""), ": ", at[kOff].broken,
                    " of 64 rows are lost without a stabiliser, ", at[kFull].broken, " with the full one");
  Result result;
  result.input =
      text("64 queries and keys of norm ", format_value(rho, ""), " in 16 dimensions, seed ", seed);
  result.plots.push_back(std::move(plot));
  result.tables.push_back(variant_table(at, from));
  result.scalars = {
      scalar("off_rows", "rows lost, nothing subtracted", at[kOff].broken, "count", from),
      scalar("full_rows", "rows lost, full stabiliser", at[kFull].broken, "count", from),
      scalar("projection_rows", "rows lost, max of w.x alone", at[kProjection].broken, "count", from),
      scalar("error_full", "error of the full stabiliser against double", at[kFull].to_truth, "error", from),
      scalar("error_eps_average", "with eps: distance to the average of V", at[kEps].to_average, "error",
             from),
      scalar("factor", "e^(-|x|^2/2) at your norm, as a power of ten", -rho * rho / 2 / std::log(10.0), "",
             modelled_by("-rho^2 / (2 ln 10)"))};
  add_checks(result, at, rho == 20 && rows == 64, from);
  return result;
}

}  // namespace alab::ch05_03
