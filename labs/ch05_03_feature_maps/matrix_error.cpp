// The whole score matrix by random features: independent against orthogonal rows, positive against
// trigonometric.
// SPDX-License-Identifier: MIT
#include <cmath>

#include "labs/ch05_03_feature_maps/experiments.hpp"
#include "labs/ch05_03_feature_maps/params.hpp"
#include "labs/ch05_03_feature_maps/rows.hpp"

namespace alab::ch05_03 {
namespace {

constexpr std::array<std::int64_t, 5> kFeatureRows{16, 32, 64, 128, 256};

struct Variant {
  std::string_view key, name;
  FeatureKind kind;
  Rows drawn;
};
constexpr Variant kVariants[] = {
    {"pos_iid", "positive, independent rows", FeatureKind::favor_positive, Rows::iid},
    {"pos_orth", "positive, orthogonal rows", FeatureKind::favor_positive, Rows::orthogonal},
    {"trig_iid", "trigonometric, independent rows", FeatureKind::favor_trigonometric, Rows::iid},
    {"trig_orth", "trigonometric, orthogonal rows", FeatureKind::favor_trigonometric, Rows::orthogonal}};
constexpr std::size_t kVariantCount = std::size(kVariants), kTrigIid = 2, kTrigOrth = 3;

/// Errors of one variant for each number of rows, averaged over the draws.
struct Errors {
  std::vector<double> matrix_error, output_error, non_positive;
};

struct Truth {
  Tensor<double> query, key, value;
  RowMatrix<double> kernel, output;
};

Truth make_truth(std::int64_t length, double rho, std::uint64_t seed) {
  Rng rng(seed);
  Truth t{rows_of_norm(length, kWidth, rho, rng),
          rows_of_norm(length, kWidth, rho, rng),
          normal_rows(length, kValues, 1, rng),
          {},
          {}};
  t.kernel = (matrix(t.query) * matrix(t.key).transpose()).unaryExpr([](double x) { return std::exp(x); });
  t.output = output_of(softmax_weights(t.query, t.key, 1, false), t.value);
  return t;
}

Errors run_variant(const Variant& variant, const Truth& t, int draws, std::uint64_t seed,
                   const Progress& progress) {
  Errors errors;
  for (const std::int64_t rows : kFeatureRows) {
    double matrix_error = 0, output_error = 0, non_positive = 0;
    for (int draw = 0; draw < draws; ++draw) {
      progress.step(static_cast<double>(draw) / draws, text(variant.name, ", M = ", rows));
      const FeatureMap map =
          plain_map(variant.kind, rows, variant.drawn, seed + static_cast<std::uint64_t>(1000 * rows + draw));
      const WeightMap got = implicit_map(map, t.query, t.key, false, std::string(variant.name));
      matrix_error += (matrix(got.products) - t.kernel).squaredNorm() / t.kernel.squaredNorm() / draws;
      output_error +=
          (output_of(got, t.value) - t.output).squaredNorm() / static_cast<double>(t.output.size()) / draws;
      for (const double sum : got.denominator) {
        non_positive += sum > 0 ? 0 : 1.0 / draws;
      }
    }
    errors.matrix_error.push_back(matrix_error);
    errors.output_error.push_back(output_error);
    errors.non_positive.push_back(non_positive);
  }
  return errors;
}

Plot sweep_plot(std::string key, std::string title, std::string note, Axis y, const std::vector<Errors>& all,
                const std::vector<double> Errors::*what, const Provenance& from) {
  Plot plot{std::move(key), std::move(title), std::move(note), {"random rows M", "", true}, std::move(y), {}};
  const std::vector<double> xs(kFeatureRows.begin(), kFeatureRows.end());
  for (std::size_t v = 0; v < kVariantCount; ++v) {
    plot.series.push_back(fitted(text(plot.key, "_", kVariants[v].key), std::string(kVariants[v].name), xs,
                                 all[v].*what, from));
  }
  return plot;
}

Table error_table(const std::vector<Errors>& all, const Provenance& from) {
  Table table;
  table.key = "errors";
  table.title = "Error of the matrix, error of the output, rows whose sum is not positive";
  table.note =
      "Matrix: squared error over squared size, before rows are divided. Output: mean squared error after.";
  table.columns = {"features",        "matrix, M = 16",    "matrix, M = 128",   "output, M = 16",
                   "output, M = 256", "sums <= 0, M = 16", "sums <= 0, M = 256"};
  for (std::size_t v = 0; v < kVariantCount; ++v) {
    const Errors& e = all[v];
    table.rows.push_back(
        {Cell::words(std::string(kVariants[v].name)), Cell::number(e.matrix_error[0], "", from),
         Cell::number(e.matrix_error[3], "", from), Cell::number(e.output_error[0], "", from),
         Cell::number(e.output_error[4], "", from), Cell::number(e.non_positive[0], "", from),
         Cell::number(e.non_positive[4], "", from)});
  }
  return table;
}

}  // namespace

Result run_matrix_error(const ParamSet& params, const Context& context) {
  const double rho = params.real(kRho);
  const int wanted = params.integer32(kDraws), draws = context.quick ? 1 : wanted;
  const std::int64_t length = context.quick ? 128 : 256;
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  context.progress.step(0, "drawing rows");
  const Truth truth = make_truth(length, rho, seed);
  std::vector<Errors> all;
  for (std::size_t v = 0; v < kVariantCount; ++v) {
    const double from = static_cast<double>(v) / kVariantCount;
    all.push_back(run_variant(kVariants[v], truth, draws, seed + 1,
                              context.progress.part(from, from + 1.0 / kVariantCount)));
  }
  const Provenance from =
      measured_here(text(draws, " draws of W, ", length, " x ", length, " scores in double"));
  const double ratio = all[kTrigOrth].matrix_error[0] / all[kTrigIid].matrix_error[0];
  Result result;
  result.quick = context.quick ? text(draws, " of ", wanted, " draws, 128 x 128 of 256 x 256 scores") : "";
  result.input =
      text(length, " queries and keys of norm ", format_value(rho, ""), " in 16 dimensions, seed ", seed);
  result.plots = {
      sweep_plot("matrix_error",
                 text("Orthogonal rows cut the trigonometric error at M = 16 to ",
                      format_value(100 * ratio, ""), " %"),
                 "Squared error of the matrix of e^(q.k) over its squared size. Four times the rows, a "
                 "quarter of it.",
                 {"relative squared error", "", true}, all, &Errors::matrix_error, from),
      sweep_plot("output_error",
                 text("Output at M = 16: positive ", format_value(all[1].output_error[0], ""),
                      ", trigonometric ", format_value(all[kTrigOrth].output_error[0], "")),
                 "Mean squared error of the attention output, after rows are divided by their sums.",
                 {"mean squared error of the output", "", true}, all, &Errors::output_error, from)};
  result.tables.push_back(error_table(all, from));
  result.scalars = {
      scalar("ratio", "trigonometric at M = 16: orthogonal / independent", ratio, "", from),
      scalar("ratio_pos", "positive at M = 128: orthogonal / independent",
             all[1].matrix_error[3] / all[0].matrix_error[3], "", from),
      scalar("slope", "slope of the matrix error, positive, independent",
             loglog_slope({kFeatureRows.begin(), kFeatureRows.end()}, all[0].matrix_error), "", from)};
  for (std::size_t v = 0; v < kVariantCount; ++v) {
    result.scalars.push_back(scalar(text(kVariants[v].key, "_16"),
                                    text("matrix error at M = 16, ", kVariants[v].name),
                                    all[v].matrix_error[0], "", from));
    result.scalars.push_back(scalar(text("sums_", kVariants[v].key),
                                    text("rows with a sum <= 0 at M = 16, ", kVariants[v].name),
                                    all[v].non_positive[0], "", from));
  }
  add_where(result, rho == 1, "a row norm of 1",
            check_at_most("orthogonal", "trigonometric, M = 16: orthogonal / independent <= 0.5", ratio, 0.5,
                          from));
  const auto positive_sums = [&](std::size_t v) { return all[v].non_positive[0] + all[v].non_positive[4]; };
  result.checks.push_back(check_exactly("positive_sums", "positive features: no sum is 0 or below",
                                        positive_sums(0) + positive_sums(1), 0, from));
  return result;
}

}  // namespace alab::ch05_03
