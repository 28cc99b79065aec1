// Softmax attention as a kernel smoother: a weighted mean whose weights are kernel values.
// Source: Nadaraya 1964, Watson 1964; Tsai et al. 2019, arXiv:1908.11775, for the view of attention.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "labs/ch05_02_kernel_trick/curve.hpp"
#include "labs/ch05_02_kernel_trick/experiments.hpp"
#include "labs/ch05_02_kernel_trick/params.hpp"
#include "labs/common/one_head.hpp"
#include "labs/common/sweep.hpp"
#include "reference/softmax_attention.hpp"

namespace alab::kernel_trick {
namespace {

/// sum_i k(x, x_i) y_i / sum_i k(x, x_i), k Gaussian of bandwidth h. Exponents are shifted by their maximum.
std::vector<double> smooth(const Samples& s, const std::vector<double>& at, double h) {
  std::vector<double> out;
  for (const double x : at) {
    std::vector<double> exponent;
    for (const double xi : s.xs) {
      exponent.push_back(-(x - xi) * (x - xi) / (2 * h * h));
    }
    const double top = *std::ranges::max_element(exponent);
    double above = 0, below = 0;
    for (std::size_t i = 0; i < s.xs.size(); ++i) {
      const double weight = std::exp(exponent[i] - top);
      above += weight * s.ys[i];
      below += weight;
    }
    out.push_back(above / below);
  }
  return out;
}

/// The same by softmax attention: q = (x / h, 1), k_i = (x_i / h, -x_i^2 / 2h^2), v_i = y_i, scale 1. What
/// depends on x alone cancels in the softmax.
std::vector<double> attend(const Samples& s, const std::vector<double>& at, double h) {
  const auto n = static_cast<std::int64_t>(s.xs.size()), m = static_cast<std::int64_t>(at.size());
  Tensor<double> q({1, m, 2}), k({1, n, 2}), v({1, n, 1});
  for (std::int64_t i = 0; i < m; ++i) {
    q(0, i, 0) = at[static_cast<std::size_t>(i)] / h;
    q(0, i, 1) = 1;
  }
  for (std::int64_t j = 0; j < n; ++j) {
    const double x = s.xs[static_cast<std::size_t>(j)];
    k(0, j, 0) = x / h;
    k(0, j, 1) = -x * x / (2 * h * h);
    v(0, j, 0) = s.ys[static_cast<std::size_t>(j)];
  }
  const Tensor<double> out = softmax_attention(q, k, v, {.scale = 1}).output;
  return {out.span().begin(), out.span().end()};
}

double rms(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return std::sqrt(sum / static_cast<double>(a.size()));
}

double largest_gap(const std::vector<double>& a, const std::vector<double>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double gap = std::abs(a[i] - b[i]);
    worst = gap <= worst ? worst : gap;
  }
  return worst;
}

}  // namespace

Result run_smoother(const ParamSet& params, const Context& context) {
  context.progress.step(0, "drawing the samples");
  const double h = params.real(kBandwidth), noise = params.real(kNoise);
  const Samples s =
      draw_samples(params.integer(kSamples), noise, static_cast<std::uint64_t>(params.integer(params::seed)));
  const std::vector<double> at = evenly(-1, 1, 201);
  std::vector<double> truth;
  for (const double x : at) {
    truth.push_back(true_curve(x));
  }
  const std::vector<double> by_kernel = smooth(s, at, h), by_attention = attend(s, at, h);
  std::vector<double> widths, errors;
  for (double w = 0.01; w <= 2.001; w *= 1.2) {
    context.progress.step(w / 2, "sweeping the bandwidth");
    widths.push_back(w);
    errors.push_back(rms(smooth(s, at, w), truth));
  }
  const auto best = static_cast<std::size_t>(std::ranges::min_element(errors) - errors.begin());
  const Provenance here = measured_here("double"), formula = modelled_by("the curve the samples come from");
  Result result;
  Plot fit{"fit",
           "A softmax over distances is a weighted mean of the samples",
           "Dots: noisy samples, the keys with their values. Line: attention with one query at each x.",
           {"x", "", false},
           {"y", "", false},
           {}};
  fit.series = {plain("samples", "samples", s.xs, s.ys, here, SeriesStyle::markers),
                plain("truth", "true curve", at, truth, formula, SeriesStyle::dashed),
                plain("smoother", "softmax attention", at, by_attention, here)};
  Plot sweep{
      "bandwidth",
      text("Too narrow follows the noise, too wide the mean; best near h = ", format_value(widths[best], "")),
      "Distance of the smoother from the true curve, root mean square over x.",
      {"bandwidth h", "", true},
      {"rms error", "", true},
      {}};
  sweep.series = {plain("error", "rms error", widths, errors, here, SeriesStyle::line_and_markers)};
  result.plots = {std::move(fit), std::move(sweep)};
  const auto [low, high] = std::ranges::minmax_element(s.ys);
  double outside = 0;
  for (const double y : by_attention) {
    outside += *low - 1e-12 <= y && y <= *high + 1e-12 ? 0 : 1;
  }
  result.scalars = {scalar("agreement", "kernel smoother against softmax attention",
                           largest_gap(by_kernel, by_attention), "error", here),
                    scalar("error_here", "rms error at your bandwidth", rms(by_attention, truth), "", here),
                    scalar("best_width", "bandwidth with the smallest error", widths[best], "", here),
                    scalar("best_error", "its rms error", errors[best], "", here)};
  result.checks = {check_at_most("same", "kernel smoother and softmax attention agree to 1e-12",
                                 largest_gap(by_kernel, by_attention), kDoubleTolerance, here),
                   check_exactly("convex", "outputs outside the range of the values", outside, 0, here)};
  return result;
}

}  // namespace alab::kernel_trick
