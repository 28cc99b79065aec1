// Gram matrices of four functions: three are kernels, one only looks like one.
// Source: Schölkopf, Smola 2002, chapter 2; Vert, Tsuda, Schölkopf 2004.
// SPDX-License-Identifier: MIT
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "labs/ch05_02_kernel_trick/experiments.hpp"
#include "labs/ch05_02_kernel_trick/params.hpp"
#include "labs/common/sweep.hpp"
#include "reference/complexity.hpp"
#include "reference/core/rng.hpp"

namespace alab::kernel_trick {
namespace {

using Matrix = Eigen::MatrixXd;

struct Kernel {
  std::string_view key, label;
  double (*value)(const Eigen::VectorXd& x, const Eigen::VectorXd& y);
};
constexpr Kernel kAll[] = {
    {"quadratic", "(x.y)^2",
     [](const Eigen::VectorXd& x, const Eigen::VectorXd& y) { return x.dot(y) * x.dot(y); }},
    {"gaussian", "exp(-|x - y|^2 / 2)",
     [](const Eigen::VectorXd& x, const Eigen::VectorXd& y) { return std::exp(-(x - y).squaredNorm() / 2); }},
    {"exp", "exp(x.y)",
     [](const Eigen::VectorXd& x, const Eigen::VectorXd& y) { return std::exp(x.dot(y)); }},
    {"tanh", "tanh(x.y - 1)",
     [](const Eigen::VectorXd& x, const Eigen::VectorXd& y) { return std::tanh(x.dot(y) - 1); }}};
static_assert(std::size(kAll) == kKernels.size());

constexpr double kNegligible = 1e-10;  // of the largest eigenvalue

Matrix draw_points(std::int64_t count, std::int64_t d, std::uint64_t seed) {
  Rng rng(seed);
  Matrix points(d, count);  // a point per column
  for (double& x : points.reshaped()) {
    x = rng.normal();
  }
  return points;
}

Matrix gram(const Kernel& kernel, const Matrix& points) {
  const Eigen::Index n = points.cols();
  Matrix k(n, n);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (Eigen::Index j = 0; j < n; ++j) {
      k(i, j) = kernel.value(points.col(i), points.col(j));
    }
  }
  return k;
}

struct Spectrum {
  Eigen::VectorXd values;  ///< ascending
  double lowest = 0, highest = 0, rank = 0;
};

Spectrum spectrum_of(const Matrix& k) {
  Spectrum s;
  s.values = Eigen::SelfAdjointEigenSolver<Matrix>(k, Eigen::EigenvaluesOnly).eigenvalues();
  s.lowest = s.values[0];
  s.highest = s.values[s.values.size() - 1];
  for (const double v : s.values) {
    s.rank += std::abs(v) > kNegligible * s.highest ? 1 : 0;
  }
  return s;
}

Heatmap gram_map(const Kernel& kernel, const Matrix& k) {
  Heatmap map;
  map.key = "gram";
  map.title = text("Gram matrix of ", kernel.label);
  map.note = "Cell (i, j): the function of points i and j. Symmetric for all four; that alone is not enough.";
  map.value_label = "k(x_i, x_j)";
  map.rows = map.cols = k.rows();
  for (Eigen::Index i = 0; i < k.rows(); ++i) {
    for (Eigen::Index j = 0; j < k.cols(); ++j) {
      map.values.push_back(static_cast<float>(k(i, j)));
    }
  }
  map.row = {"point", "", false};
  map.col = {"point", "", false};
  map.diverging = k.minCoeff() < 0;
  map.provenance = measured_here("double");
  return map;
}

}  // namespace

Result run_gram(const ParamSet& params, const Context& context) {
  const std::int64_t n = params.integer(kGramPoints), d = params.integer(kGramDim);
  const Matrix points = draw_points(n, d, static_cast<std::uint64_t>(params.integer(params::seed)));
  const Provenance here = measured_here("Eigen's symmetric eigenvalue solver, double");
  Result result;
  Plot plot{"eigenvalues",
            "Three functions stay above zero, tanh does not",
            "Eigenvalues of each Gram matrix, from the smallest on, as a share of its largest.",
            {"eigenvalue, from the smallest", "", false},
            {"share of the largest", "", false},
            {}};
  Table table{"smallest",
              text("Smallest eigenvalues on ", n, " random points in ", d, " dimensions"),
              "Positive definite: no eigenvalue below 0, apart from rounding.",
              {"function", "smallest", "largest", "above 1e-10 of the largest", "a kernel?"},
              {}};
  for (std::size_t i = 0; i < std::size(kAll); ++i) {
    context.progress.step(static_cast<double>(i) / 4, text("eigenvalues of ", kAll[i].label));
    const Matrix k = gram(kAll[i], points);
    const Spectrum s = spectrum_of(k);
    std::vector<double> index, share;
    for (Eigen::Index e = 0; e < s.values.size(); ++e) {
      index.push_back(static_cast<double>(e + 1));
      share.push_back(s.values[e] / s.highest);
    }
    const std::string key(kAll[i].key), label(kAll[i].label);
    plot.series.push_back(plain(key, label, index, share, here, SeriesStyle::line_and_markers));
    const bool kernel = s.lowest >= -kNegligible * s.highest;
    table.rows.push_back({Cell::words(label), Cell::number(s.lowest, "", here),
                          Cell::number(s.highest, "", here), Cell::number(s.rank, "count", here),
                          Cell::words(kernel ? "yes" : "no")});
    result.scalars.push_back(scalar("lowest_" + key, label + ": smallest eigenvalue", s.lowest, "", here));
    result.scalars.push_back(scalar("highest_" + key, label + ": largest eigenvalue", s.highest, "", here));
    result.scalars.push_back(scalar("rank_" + key, label + ": rank", s.rank, "count", here));
    if (key != "tanh") {
      result.checks.push_back(check_between("psd_" + key,
                                            label + ": no eigenvalue below -1e-10 of the largest",
                                            s.lowest / s.highest, -kNegligible, 1, here));
    } else if (n >= 20) {
      result.checks.push_back(
          check_between("negative_tanh", label + ": an eigenvalue below -0.1", s.lowest, -1e300, -0.1, here));
    } else {
      result.notes.push_back(
          "Few points may hide it: tanh is held to a negative eigenvalue from 20 points on.");
    }
    if (key == "quadratic") {
      const double features = packed_quadratic_dim(static_cast<double>(d));
      result.checks.push_back(check_exactly("rank_is_features", "(x.y)^2: rank = min(points, d (d + 1) / 2)",
                                            s.rank, std::min(static_cast<double>(n), features), here));
    }
    if (static_cast<int>(i) == params.choice(kKernel)) {
      result.heatmaps.push_back(gram_map(kAll[i], k));
    }
  }
  result.plots.push_back(std::move(plot));
  result.tables.push_back(std::move(table));
  return result;
}

}  // namespace alab::kernel_trick
