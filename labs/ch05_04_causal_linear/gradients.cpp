// The backward pass held against nudges: Eqs. 13-15 of Katharopoulos et al. for the numerator, the quotient
// rule for the normalised output, and the chain through phi. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_04_causal_linear/experiments.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/params.hpp"
#include "reference/core/rng.hpp"

namespace alab::causal_linear {
namespace {

constexpr int kSamples = 16;     // entries of each array that are nudged
constexpr double kNudge = 1e-5;  // central difference, in double
/// elu + 1 has a kink in its slope's slope at 0, where a difference errs by a quarter of the nudge.
constexpr double kInputNudge = 1e-6;

using Problem = LinearAttentionProblem<double>;

double dot(const Tensor<double>& a, const Tensor<double>& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

/// Largest |central difference - analytic| over sampled entries, relative to the largest analytic entry.
double gradient_error(Tensor<double>& x, const Tensor<double>& analytic, const std::function<double()>& loss,
                      Rng& rng, double nudge = kNudge) {
  double worst = 0, size = 0;
  for (const double g : analytic.span()) {
    size = std::max(size, std::abs(g));
  }
  for (int s = 0; s < kSamples; ++s) {
    const auto at = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(x.size())));
    const double before = x[at];
    x[at] = before + nudge;
    const double up = loss();
    x[at] = before - nudge;
    const double down = loss();
    x[at] = before;
    worst = worse(worst, std::abs((up - down) / (2 * nudge) - analytic[at]));
  }
  return worst / std::max(size, 1e-300);
}

struct Row {
  std::string name;
  double dq = 0, dk = 0, dv = 0;
  double worst() const { return worse(worse(dq, dk), dv); }
};

/// Gradients with respect to the features.
Row features_row(std::string name, Problem p, const Tensor<double>& d_output, bool normalize, Rng& rng) {
  LinearAttentionOptions options;
  options.normalize = normalize;
  const auto analytic = linear_attention_backward(p, d_output, options);
  const auto loss = [&] { return dot(linear_attention_recurrent(p, options).output, d_output); };
  return {std::move(name), gradient_error(p.query, analytic.dq, loss, rng),
          gradient_error(p.key, analytic.dk, loss, rng), gradient_error(p.value, analytic.dv, loss, rng)};
}

/// Gradients with respect to queries and keys, through phi = elu + 1 and the normaliser.
Row inputs_row(std::string name, const Head& head, const Tensor<double>& d_output, Rng& rng) {
  const FeatureMap map;
  Tensor<double> query = head.input().query.cast<double>(), key = head.input().key.cast<double>(),
                 value = head.input().value.cast<double>();
  const auto forward = [&] { return linear_attention_problem(map, query, key, value); };
  const auto analytic = linear_attention_backward(forward(), d_output);
  const Tensor<double> dq = feature_map_backward(map, query, analytic.dq, Role::query),
                       dk = feature_map_backward(map, key, analytic.dk, Role::key);
  const auto loss = [&] { return dot(linear_attention_recurrent(forward()).output, d_output); };
  return {std::move(name), gradient_error(query, dq, loss, rng, kInputNudge),
          gradient_error(key, dk, loss, rng, kInputNudge), gradient_error(value, analytic.dv, loss, rng)};
}

/// <dQ, Q> = <dK, K> = <dV, V> = <G, O>: the un-normalised output is linear in each of the three.
double inner_products_apart(const Problem& p, const Tensor<double>& d_output, Result& result) {
  LinearAttentionOptions options;
  options.normalize = false;
  const auto g = linear_attention_backward(p, d_output, options);
  const double truth = dot(d_output, linear_attention_parallel(p, options).output);
  double size = 0;
  for (std::int64_t i = 0; i < d_output.size(); ++i) {
    size += std::abs(d_output[i] * g.output[i]);
  }
  const Provenance here = measured_here("double");
  const std::pair<std::string, double> sums[] = {{"<dQ, Q>", dot(g.dq, p.query)},
                                                 {"<dK, K>", dot(g.dk, p.key)},
                                                 {"<dV, V>", dot(g.dv, p.value)},
                                                 {"<G, O>", truth}};
  Table table{"inner_products",
              "Four sums that must agree",
              "Without the normaliser the output is linear in phi(Q), in phi(K) and in V.",
              {"sum", "value"},
              {}};
  double apart = 0;
  for (const auto& [name, sum] : sums) {
    table.rows.push_back({Cell::words(name), Cell::number(sum, "", here)});
    apart = worse(apart, std::abs(sum - truth) / size);
  }
  result.tables.push_back(std::move(table));
  return apart;
}

Plot norms_plot(const Problem& p, const Tensor<double>& d_output) {
  LinearAttentionOptions options;
  options.normalize = false;
  const auto g = linear_attention_backward(p, d_output, options);
  const auto norms = [](const Tensor<double>& x) {
    std::vector<double> out;
    for (std::int64_t i = 0; i < x.extent(1); ++i) {
      double sum = 0;
      for (std::int64_t c = 0; c < x.extent(2); ++c) {
        sum += x(0, i, c) * x(0, i, c);
      }
      out.push_back(std::sqrt(sum));
    }
    return out;
  };
  std::vector<double> xs;
  for (std::int64_t i = 0; i < p.value.extent(1); ++i) {
    xs.push_back(static_cast<double>(i));
  }
  const Provenance here = measured_here("double");
  Plot plot{"gradient_norms",
            "dQ grows along the sequence, dK and dV shrink: one scan runs forward, one in reverse",
            "Norm of each token's gradient, without the normaliser.",
            {"position", "tokens", false},
            {"norm of the gradient", "", false},
            {}};
  plot.series = {plain("dq", "dQ: from S, built left to right", xs, norms(g.dq), here),
                 plain("dk", "dK: from R, built right to left", xs, norms(g.dk), here),
                 plain("dv", "dV: from R, built right to left", xs, norms(g.dv), here)};
  return plot;
}

}  // namespace

Result run_gradients(const ParamSet& params, const Context& context) {
  const std::int64_t asked = params.integer(kGradLength), dim = params.integer(kSmallDim);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const Head head(context, asked, dim, seed);
  const Problem p = head.features_f64(FeatureMap{}, context.progress);
  Rng rng(seed + 7);
  Tensor<double> d_output(p.value.shape());
  for (double& x : d_output.span()) {
    x = rng.normal();
  }
  Result result;
  head.describe(result, asked, dim);
  context.progress.step(0.1, "nudging the numerator");
  std::vector<Row> rows{features_row("numerator, Eqs. 13-15", p, d_output, false, rng)};
  context.progress.step(0.4, "nudging the normalised output");
  rows.push_back(features_row("normalised output", p, d_output, true, rng));
  context.progress.step(0.7, "nudging queries and keys");
  rows.push_back(inputs_row("through phi = elu + 1", head, d_output, rng));
  const Provenance here = measured_here("central differences in double");
  Table table{"gradient_table",
              "Every gradient against an independent number",
              text(kSamples,
                   " random entries of each array are nudged up and down by 1e-5 (queries and keys: 1e-6)."),
              {"gradient of", "dQ", "dK", "dV"},
              {}};
  double worst = 0;
  for (const Row& row : rows) {
    table.rows.push_back({Cell::words(row.name), Cell::number(row.dq, "error", here),
                          Cell::number(row.dk, "error", here), Cell::number(row.dv, "error", here)});
    worst = worse(worst, row.worst());
  }
  result.tables.push_back(std::move(table));
  result.plots.push_back(norms_plot(p, d_output));
  const double apart = inner_products_apart(p, d_output, result);
  result.scalars = {
      scalar("worst", "worst gradient against central differences", worst, "error", here),
      scalar("numerator", "worst of the numerator", rows[0].worst(), "error", here),
      scalar("inner_apart", "largest gap between the four sums", apart, "error", measured_here("double"))};
  result.checks = {
      check_at_most("pass_numerator", "Eqs. 13-15 against central differences: <= 1e-6", rows[0].worst(),
                    1e-6, here),
      check_at_most("pass_normalised", "with the normaliser: <= 1e-6", rows[1].worst(), 1e-6, here),
      check_at_most("pass_inputs", "through the feature map: <= 1e-6", rows[2].worst(), 1e-6, here),
      check_at_most("pass_inner", "<dQ,Q> = <dK,K> = <dV,V> = <G,O>: <= 1e-12", apart, kT64,
                    measured_here("double"))};
  return result;
}

}  // namespace alab::causal_linear
