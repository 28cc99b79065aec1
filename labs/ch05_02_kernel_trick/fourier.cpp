// Random Fourier features: how fast a sum of D random cosines becomes the Gaussian kernel.
// Source: Rahimi, Recht 2007, section 3 and Claim 1.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "labs/ch05_02_kernel_trick/experiments.hpp"
#include "labs/ch05_02_kernel_trick/params.hpp"
#include "labs/common/sweep.hpp"
#include "reference/core/eigen_view.hpp"
#include "reference/core/rng.hpp"

namespace alab::kernel_trick {
namespace {

constexpr std::array<int, 8> kCounts{16, 32, 64, 128, 256, 512, 1024, 2048};
constexpr int kPairCount = 200;

RowMatrix<float> normal_matrix(std::int64_t rows, std::int64_t cols, Rng& rng) {
  RowMatrix<float> out(rows, cols);
  for (float& x : out.reshaped<Eigen::RowMajor>()) {
    x = static_cast<float>(rng.normal());
  }
  return out;
}

struct Pairs {
  RowMatrix<float> x, y;  ///< [d, pairs]
  Eigen::ArrayXf kernel;  ///< exp(-|x - y|^2 / 2)
  double diameter = 0;    ///< of a ball around 0 that holds every point
};

Pairs draw_pairs(std::int64_t d, Rng& rng) {
  Pairs p{normal_matrix(d, kPairCount, rng), normal_matrix(d, kPairCount, rng), {}, 0};
  p.kernel = (-(p.x - p.y).colwise().squaredNorm().transpose().array() / 2).exp();
  p.diameter =
      2 * std::sqrt(std::max(p.x.colwise().squaredNorm().maxCoeff(), p.y.colwise().squaredNorm().maxCoeff()));
  return p;
}

struct Errors {
  std::array<double, kCounts.size()> phase_squares{}, pair_squares{}, sup{};
};

/// One draw of 2048 frequencies serves every D: the first D (or D / 2 pairs) of them are used.
void add_draw(const Pairs& p, Rng& rng, Errors& errors) {
  const int most = kCounts.back();
  const RowMatrix<float> w = normal_matrix(most, p.x.rows(), rng);
  Eigen::ArrayXf phase(most);
  for (float& b : phase) {
    b = static_cast<float>(rng.uniform(0, 2 * std::numbers::pi));
  }
  using Block = Eigen::Array<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  Block zx = (w * p.x).array(), zy = (w * p.y).array(), both = (w * (p.x - p.y)).array();
  zx.colwise() += phase;
  zy.colwise() += phase;
  for (Block* angles : {&zx, &zy, &both}) {
    *angles = angles->cos();  // on plain arrays, so that it is vectorised
  }
  Eigen::ArrayXf with_phase = Eigen::ArrayXf::Zero(kPairCount), as_pairs = with_phase;
  int done = 0, pairs_done = 0;
  for (std::size_t c = 0; c < kCounts.size(); ++c) {
    const int count = kCounts[c];
    with_phase +=
        (zx.middleRows(done, count - done) * zy.middleRows(done, count - done)).colwise().sum().transpose();
    as_pairs += both.middleRows(pairs_done, count / 2 - pairs_done).colwise().sum().transpose();
    done = count;
    pairs_done = count / 2;
    const Eigen::ArrayXf off = with_phase * (2.0F / static_cast<float>(count)) - p.kernel;
    const Eigen::ArrayXf off_pairs = as_pairs * (2.0F / static_cast<float>(count)) - p.kernel;
    errors.phase_squares[c] += off.square().cast<double>().mean();
    errors.pair_squares[c] += off_pairs.square().cast<double>().mean();
    errors.sup[c] = std::max(errors.sup[c], static_cast<double>(off.abs().maxCoeff()));
  }
}

/// The epsilon at which Claim 1's bound is 1 %: 2^8 (sigma diam / eps)^2 exp(-D eps^2 / (4 (d + 2))) = 0.01,
/// sigma^2 = E|omega|^2 = d.
double claim_radius(double features, double d, double diameter) {
  const auto log_bound = [&](double eps) {
    return std::log(256.0) + 2 * std::log(std::sqrt(d) * diameter / eps) -
           features * eps * eps / (4 * (d + 2));
  };
  double low = 1e-6, high = 1e6;
  for (int i = 0; i < 200; ++i) {
    const double middle = std::sqrt(low * high);
    (log_bound(middle) > std::log(0.01) ? low : high) = middle;
  }
  return high;
}

}  // namespace

Result run_fourier(const ParamSet& params, const Context& context) {
  const std::int64_t d = params.integer(kFourierDim);
  const int wanted = params.integer32(kDraws), draws = context.quick ? std::min(wanted, 4) : wanted;
  Rng rng(static_cast<std::uint64_t>(params.integer(params::seed)));
  const Pairs pairs = draw_pairs(d, rng);
  Errors errors;
  for (int i = 0; i < draws; ++i) {
    context.progress.step(static_cast<double>(i) / draws, text("draw ", i + 1, " of ", draws));
    add_draw(pairs, rng, errors);
  }
  std::vector<double> ds, rms, rms_pairs, sup, radius, half;
  double product_low = 1e300, product_high = 0, violations = 0;
  for (std::size_t c = 0; c < kCounts.size(); ++c) {
    const double count = kCounts[c];
    ds.push_back(count);
    rms.push_back(std::sqrt(errors.phase_squares[c] / draws));
    rms_pairs.push_back(std::sqrt(errors.pair_squares[c] / draws));
    sup.push_back(errors.sup[c]);
    radius.push_back(claim_radius(count, static_cast<double>(d), pairs.diameter));
    half.push_back(1 / std::sqrt(count));
    product_low = std::min(product_low, rms.back() * std::sqrt(count));
    product_high = std::max(product_high, rms.back() * std::sqrt(count));
    violations += sup.back() <= radius.back() ? 0 : 1;
  }
  const Provenance here = measured_here(text(kPairCount, " pairs, ", draws, " draws, float")),
                   claim = modelled_by(
                       "Claim 1 at 99 %: 2^8 (sigma diam / eps)^2 exp(-D eps^2 / 4(d + 2)) = 0.01");
  Plot plot{"error",
            text("The error falls with slope ", format_value(loglog_slope(ds, rms), ""),
                 ": four times the features for half of it"),
            "Root mean square of z(x).z(y) - k(x, y) over pairs and draws, and the largest error seen.",
            {"random features D", "features", true},
            {"error", "", true},
            {}};
  plot.series = {fitted("rms", "cos(w.x + b), rms", ds, rms, here),
                 fitted("rms_pairs", "pairs (cos, sin), rms", ds, rms_pairs, here),
                 fitted("model", "1 / sqrt D", ds, half, modelled_by("1 / sqrt D"), SeriesStyle::dashed),
                 plain("sup", "largest error seen", ds, sup, here, SeriesStyle::markers),
                 plain("claim", "Claim 1, 99 %", ds, radius, claim, SeriesStyle::dashed)};
  Result result;
  result.quick = part_of(draws, wanted, "draws");
  result.plots.push_back(std::move(plot));
  const double slope = loglog_slope(ds, rms);
  result.scalars = {
      scalar("slope", "slope of the rms error", slope, "", here),
      scalar("rms_256", "rms error at D = 256", rms[4], "", here),
      scalar("rms_1024", "rms error at D = 1024", rms[6], "", here),
      scalar("halving", "features needed for half the error", std::pow(2.0, -1 / slope), "ratio", here),
      scalar("rms_root", "rms times sqrt D at D = 256", rms[4] * 16, "", here),
      scalar("pairs_gain", "pairs over phases, rms at D = 256", rms_pairs[4] / rms[4], "", here),
      scalar("claim_2048", "radius of Claim 1 at D = 2048", radius.back(), "", claim),
      scalar("sup_2048", "largest error seen at D = 2048", sup.back(), "", here)};
  result.checks = {
      check_between("slope_half", "slope in [-0.56, -0.44]", slope, -0.56, -0.44, here),
      check_exactly("claim_holds", "D at which an error exceeds Claim 1's radius", violations, 0, here)};
  if (d >= 8) {
    result.checks.push_back(
        check_between("root_low", "rms sqrt D, smallest over D, at least 0.8", product_low, 0.8, 1.1, here));
    result.checks.push_back(
        check_between("root_high", "rms sqrt D, largest over D, at most 1.1", product_high, 0.8, 1.1, here));
  } else {
    result.notes.push_back(
        "rms sqrt D is held to [0.8, 1.1] from d = 8 on; in few dimensions points lie near each other and "
        "the "
        "error is smaller.");
  }
  return result;
}

}  // namespace alab::kernel_trick
