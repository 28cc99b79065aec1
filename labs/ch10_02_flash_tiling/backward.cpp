// The backward pass: two ways to D, gradients against finite differences, and the tiled form in single
// precision. Source: FlashAttention, arXiv:2205.14135, Appendix B.2 and Algorithm 4; FlashAttention-2,
// Algorithm 2. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch10_02_flash_tiling/experiments.hpp"
#include "labs/ch10_02_flash_tiling/head.hpp"
#include "labs/ch10_02_flash_tiling/params.hpp"
#include "reference/core/rng.hpp"
#include "reference/flash_attention.hpp"
#include "reference/softmax_attention.hpp"

namespace alab::flash_tiling {
namespace {

constexpr int kSamples = 24;     // entries of each of q, k, v that are nudged
constexpr double kNudge = 1e-5;  // central difference: error of order 1e-10 in double

struct Problem {
  Tensor<double> q, k, v, d_output, mask;
  AttentionOptions options;
};

Problem problem_of(const Head& head, std::uint64_t seed) {
  const AttentionInput& in = head.input();
  Problem p{in.query.cast<double>(), in.key.cast<double>(),
            in.value.cast<double>(), Tensor<double>({1, head.seq_len(), head.head_dim_v()}),
            head.mask_f64(),         {.causal = head.causal(), .scale = head.scale()}};
  Rng rng(seed + 7);
  for (double& x : p.d_output.span()) {
    x = static_cast<double>(static_cast<float>(rng.normal()));
  }
  return p;
}

/// The loss whose gradient with respect to O is dO.
double loss(const Problem& p) {
  const Tensor<double> o = softmax_attention(p.q, p.k, p.v, p.options, p.mask).output;
  double sum = 0;
  for (std::int64_t i = 0; i < o.size(); ++i) {
    sum += o[i] * p.d_output[i];
  }
  return sum;
}

/// Largest |finite difference - analytic| over sampled entries, relative to the largest analytic entry.
double gradient_error(Problem& p, Tensor<double>& x, const Tensor<double>& analytic, Rng& rng,
                      const Progress& progress) {
  double worst = 0, size = 0;
  for (const double g : analytic.span()) {
    size = std::max(size, std::abs(g));
  }
  for (int s = 0; s < kSamples; ++s) {
    progress.step(static_cast<double>(s) / kSamples, "finite differences");
    const auto at = static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(x.size())));
    const double before = x[at];
    x[at] = before + kNudge;
    const double up = loss(p);
    x[at] = before - kNudge;
    const double down = loss(p);
    x[at] = before;
    worst = std::max(worst, std::abs((up - down) / (2 * kNudge) - analytic[at]));
  }
  return worst / std::max(size, 1e-300);
}

double distance(const Tensor<float>& got, const Tensor<double>& truth) {
  return difference<float>(got.span(), truth.span()).rel_l2;
}

struct TiledErrors {
  double fa1 = 0, fa2 = 0;
};
/// Worst of dQ, dK, dV of the tiled single-precision backward against dense double.
TiledErrors tiled_errors(const Head& head, const Problem& p, const AttentionGradients<double>& truth) {
  const AttentionInput& in = head.input();
  FlashOptions options;
  options.causal = head.causal();
  options.scale = head.scale();
  options.tiles = {16, 16};
  const Tensor<float> d_output = p.d_output.cast<float>();
  const FlashOutput<float> forward = flash_attention_fa2(in.query, in.key, in.value, options, in.mask);
  const auto worst = [&](const FlashGradients<float>& g) {
    return std::max({distance(g.dq, truth.dq), distance(g.dk, truth.dk), distance(g.dv, truth.dv)});
  };
  return {
      worst(flash_attention_backward_fa1(in.query, in.key, in.value, d_output, forward, options, in.mask)),
      worst(flash_attention_backward_fa2(in.query, in.key, in.value, d_output, forward, options, in.mask))};
}

Plot row_term_plot(const AttentionGradients<double>& by_output,
                   const AttentionGradients<double>& by_weights) {
  Plot plot{"row_terms",
            "One number per query, two ways to get it",
            "D from O (cheap: N d reads) and D from P and dP (N^2 reads); the marks lie on the line.",
            {"query", "position", false},
            {"D", "", false},
            {}};
  std::vector<double> xs, a, b;
  for (std::int64_t i = 0; i < by_output.row_term.size(); ++i) {
    xs.push_back(static_cast<double>(i));
    a.push_back(by_output.row_term[i]);
    b.push_back(by_weights.row_term[i]);
  }
  plot.series.push_back(plain("by_output", "rowsum(dO * O)", xs, a, measured_here("double")));
  plot.series.push_back(
      plain("by_weights", "rowsum(P * dP)", xs, b, measured_here("double"), SeriesStyle::markers));
  return plot;
}

}  // namespace

Result run_backward(const ParamSet& params, const Context& context) {
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const Head head(context, params.integer(kGradLength), params.integer(kGradDim), params.flag(params::causal),
                  seed);
  Problem p = problem_of(head, seed);
  const auto by_output =
      softmax_attention_backward(p.q, p.k, p.v, p.d_output, p.options, p.mask, RowTerm::output_dot);
  const auto by_weights =
      softmax_attention_backward(p.q, p.k, p.v, p.d_output, p.options, p.mask, RowTerm::weights_dot);
  double apart = 0, size = 0;
  for (std::int64_t i = 0; i < by_output.row_term.size(); ++i) {
    apart = std::max(apart, std::abs(by_output.row_term[i] - by_weights.row_term[i]));
    size = std::max(size, std::abs(by_output.row_term[i]));
  }
  apart /= std::max(size, 1.0);
  Rng rng(seed + 11);
  const double eq = gradient_error(p, p.q, by_output.dq, rng, context.progress.part(0.1, 0.4));
  const double ek = gradient_error(p, p.k, by_output.dk, rng, context.progress.part(0.4, 0.7));
  const double ev = gradient_error(p, p.v, by_output.dv, rng, context.progress.part(0.7, 0.95));
  const TiledErrors tiled = tiled_errors(head, p, by_output);
  const Provenance here = measured_here("double"), single = measured_here("float tiles against dense double");
  Result result;
  head.describe(result, params.integer(kGradLength), params.integer(kGradDim));
  result.plots = {row_term_plot(by_output, by_weights)};
  result.tables = {{"gradient_table",
                    "Every gradient against an independent number",
                    text("Finite differences: ", kSamples, " random entries of each array, step 1e-5."),
                    {"gradient", "against finite differences"},
                    {{Cell::words("dQ"), Cell::number(eq, "error", here)},
                     {Cell::words("dK"), Cell::number(ek, "error", here)},
                     {Cell::words("dV"), Cell::number(ev, "error", here)}}}};
  const double n = static_cast<double>(head.seq_len()), dv = static_cast<double>(head.head_dim_v());
  result.scalars = {
      scalar("row_term", "largest difference of the two D", apart, "error", here),
      scalar("gradients", "worst gradient against finite differences", std::max({eq, ek, ev}), "error", here),
      scalar("tiled_fa1", "tiled backward, FA-1 form", tiled.fa1, "error", single),
      scalar("tiled_fa2", "tiled backward, FA-2 form", tiled.fa2, "error", single),
      scalar("reads_output", "elements read for D from O", 2 * n * dv, "count", modelled_by("2 N d")),
      scalar("reads_weights", "elements read for D from P", 2 * n * static_cast<double>(head.key_len()),
             "count", modelled_by("2 N^2"))};
  result.checks = {check_at_most("pass_row_term", "rowsum(dO * O) = rowsum(P * dP): <= 1e-12 in double",
                                 apart, kT64, here),
                   check_at_most("pass_gradients", "gradients against finite differences: <= 1e-6",
                                 std::max({eq, ek, ev}), 1e-6, here),
                   check_at_most("pass_tiled", "tiled float gradients against dense double: <= 5e-5",
                                 std::max(tiled.fa1, tiled.fa2), kT32x, single)};
  return result;
}

}  // namespace alab::flash_tiling
