// Kernel ridge regression with the exact Gaussian kernel and with D random cosines.
// Source: Rahimi, Recht 2007, section 5 (the use); the two ways of solving are one identity of matrices.
// SPDX-License-Identifier: MIT
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numbers>

#include "labs/ch05_02_kernel_trick/curve.hpp"
#include "labs/ch05_02_kernel_trick/experiments.hpp"
#include "labs/ch05_02_kernel_trick/params.hpp"
#include "labs/common/sweep.hpp"

namespace alab::kernel_trick {
namespace {

using Matrix = Eigen::MatrixXd;
using Vector = Eigen::VectorXd;

constexpr int kDrawsPerPoint = 5;  // of the error against D

Vector as_vector(const std::vector<double>& x) {
  return Eigen::Map<const Vector>(x.data(), static_cast<Eigen::Index>(x.size()));
}

Matrix gaussian(const Vector& a, const Vector& b, double h) {
  Matrix k(a.size(), b.size());
  for (Eigen::Index i = 0; i < a.size(); ++i) {
    k.row(i) = (-(b.array() - a[i]).square() / (2 * h * h)).exp().matrix().transpose();
  }
  return k;
}

/// z(x) = sqrt(2 / D) cos(w x + b), w from N(0, 1 / h^2): one row a point.
struct Cosines {
  Vector w, b;
  Cosines(int count, double h, Rng& rng) : w(count), b(count) {
    for (int j = 0; j < count; ++j) {
      w[j] = rng.normal() / h;
      b[j] = rng.uniform(0, 2 * std::numbers::pi);
    }
  }
  Matrix of(const Vector& x) const {
    Matrix z = x * w.transpose();
    z.rowwise() += b.transpose();
    return std::sqrt(2.0 / static_cast<double>(w.size())) * z.array().cos().matrix();
  }
};

/// k(at, x) (K + penalty I)^-1 y: an n x n system.
Vector dual_fit(const Matrix& k_at, Matrix k, const Vector& y, double penalty) {
  k.diagonal().array() += penalty;
  return k_at * k.llt().solve(y);
}
/// z(at) (Z^T Z + penalty I)^-1 Z^T y: a D x D system, the same fit.
Vector primal_fit(const Matrix& z_at, const Matrix& z, const Vector& y, double penalty) {
  Matrix a = z.transpose() * z;
  a.diagonal().array() += penalty;
  return z_at * a.llt().solve(z.transpose() * y);
}

double rms(const Vector& a) {
  return std::sqrt(a.squaredNorm() / static_cast<double>(a.size()));
}

std::vector<double> as_list(const Vector& x) {
  return {x.data(), x.data() + x.size()};
}

}  // namespace

Result run_ridge(const ParamSet& params, const Context& context) {
  context.progress.step(0, "fitting with the exact kernel");
  const double h = params.real(kRidgeBandwidth), penalty = params.real(kPenalty);
  const int features = params.integer32(kFeatures);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const Samples s = draw_samples(params.integer(kRidgePoints), 0.2, seed);
  const Vector x = as_vector(s.xs), y = as_vector(s.ys), at = as_vector(evenly(-1, 1, 161));
  Vector truth(at.size());
  for (Eigen::Index i = 0; i < at.size(); ++i) {
    truth[i] = true_curve(at[i]);
  }
  const Vector exact = dual_fit(gaussian(at, x, h), gaussian(x, x, h), y, penalty);
  Rng rng(seed + 1);
  const Cosines chosen(features, h, rng);
  const Matrix z = chosen.of(x), z_at = chosen.of(at);
  const Vector approximate = dual_fit(z_at * z.transpose(), z * z.transpose(), y, penalty);
  const Vector primal = primal_fit(z_at, z, y, penalty);
  const double identity = (approximate - primal).norm() / std::max(approximate.norm(), 1e-300);
  std::vector<double> counts = doublings(4, 1024), gaps;
  const int draws = context.quick ? 1 : kDrawsPerPoint;
  for (const double count : counts) {
    context.progress.step(0.2 + 0.8 * count / 1024, text("fitting with ", count, " features"));
    double squares = 0;
    for (int draw = 0; draw < draws; ++draw) {
      const Cosines c(static_cast<int>(count), h, rng);
      const Matrix zc = c.of(x);
      const Vector fit = dual_fit(c.of(at) * zc.transpose(), zc * zc.transpose(), y, penalty);
      squares += (fit - exact).squaredNorm() / static_cast<double>(at.size());
    }
    gaps.push_back(std::sqrt(squares / draws));
  }
  const Provenance here = measured_here("double"), formula = modelled_by("the curve the samples come from");
  Result result;
  result.quick = part_of(draws, kDrawsPerPoint, "draws");
  Plot fit{"fit",
           text(features, " random cosines against the exact kernel: ",
                format_value(rms(approximate - exact), ""), " apart"),
           "Dots: noisy samples. Both fits use the same bandwidth and penalty.",
           {"x", "", false},
           {"y", "", false},
           {}};
  fit.series = {
      plain("samples", "samples", s.xs, s.ys, here, SeriesStyle::markers),
      plain("truth", "true curve", as_list(at), as_list(truth), formula, SeriesStyle::dashed),
      plain("exact", "exact kernel", as_list(at), as_list(exact), here),
      plain("features", text(features, " random features"), as_list(at), as_list(approximate), here)};
  Plot error{"gap",
             "More features bring the fit to the exact kernel's",
             text("Distance between the two fits, root mean square over x and ", draws, " draws."),
             {"random features D", "features", true},
             {"distance of the fits", "", true},
             {}};
  error.series = {fitted("gap", "distance", counts, gaps, here)};
  const double n = static_cast<double>(x.size()), dd = features;
  const Provenance model =
      modelled_by("n^2 and n D elements of 8 bytes; n^3 / 3 and n D^2 + D^3 / 3 multiply-adds");
  Table cost{"cost",
             "What each way stores and computes",
             "The right columns take a million points, where the exact kernel no longer fits anywhere.",
             {"way", "stored here", "multiply-adds here", "stored, n = 1e6", "multiply-adds, n = 1e6"},
             {}};
  const auto row = [&](std::string name, auto stored, auto work) {
    return std::vector<Cell>{Cell::words(std::move(name)), Cell::number(8 * stored(n), "bytes", model),
                             Cell::number(work(n), "", model), Cell::number(8 * stored(1e6), "bytes", model),
                             Cell::number(work(1e6), "", model)};
  };
  cost.rows = {row(
                   "exact kernel", [](double p) { return p * p; }, [](double p) { return p * p * p / 3; }),
               row(
                   text(features, " random features"), [&](double p) { return p * dd; },
                   [&](double p) { return p * dd * dd + dd * dd * dd / 3; })};
  result.plots = {std::move(fit), std::move(error)};
  result.tables.push_back(std::move(cost));
  result.scalars = {
      scalar("gap_here", "distance of the two fits", rms(approximate - exact), "", here),
      scalar("gap_few", "the same with 4 features", gaps.front(), "", here),
      scalar("gap_many", "the same with 1024 features", gaps.back(), "", here),
      scalar("error_exact", "exact kernel against the true curve", rms(exact - truth), "", here),
      scalar("error_features", "random features against the true curve", rms(approximate - truth), "", here),
      scalar("identity", "n x n against D x D solution", identity, "error", here),
      scalar("gram_100k", "Gram matrix of 100,000 points", 8e10, "bytes", modelled_by("8 n^2 bytes"))};
  result.checks = {check_at_most("primal_dual", "the D x D and the n x n system give the same fit to 1e-8",
                                 identity, 1e-8, here),
                   check_between("closer", "1024 features are at least 4 times closer than 4 features",
                                 gaps.front() / gaps.back(), 4, 1e300, here)};
  return result;
}

}  // namespace alab::kernel_trick
