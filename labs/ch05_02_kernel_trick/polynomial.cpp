// The exact finite map of (x.y)^2, and three packings that look like it.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>
#include <numbers>

#include "labs/ch05_02_kernel_trick/experiments.hpp"
#include "labs/ch05_02_kernel_trick/params.hpp"
#include "labs/common/one_head.hpp"
#include "labs/common/sweep.hpp"
#include "reference/complexity.hpp"
#include "reference/core/rng.hpp"
#include "reference/feature_maps.hpp"

namespace alab::kernel_trick {
namespace {

using Vector = std::vector<double>;
enum class Packing { right, no_root, both_orders, wrong_index };

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

/// The larger one; NaN wins.
double worse(double a, double b) {
  return b <= a ? a : b;
}

Vector packed(const Vector& x) {
  const auto d = static_cast<std::int64_t>(x.size());
  const Tensor<double> phi =
      apply_feature_map(FeatureMap{.kind = FeatureKind::quadratic}, Tensor<double>({1, d}, x));
  return {phi.span().begin(), phi.span().end()};
}

/// The map as the named mistake makes it. wrong_index: the pair (i, j) is stored at i d + j; what falls
/// outside is lost, what falls on a square replaces it.
Vector mistaken(const Vector& x, Packing how) {
  const std::size_t d = x.size();
  Vector phi;
  for (const double v : x) {
    phi.push_back(v * v);
  }
  const double root = how == Packing::no_root ? 1 : std::numbers::sqrt2;
  phi.resize(how == Packing::both_orders ? d * d : d * (d + 1) / 2, 0.0);
  std::size_t at = d;
  for (std::size_t i = 0; i < d; ++i) {
    for (std::size_t j = 0; j < d; ++j) {
      const bool pair = how == Packing::both_orders ? i != j : i < j;
      const std::size_t index = how == Packing::wrong_index ? i * d + j : at;
      if (pair && index < phi.size()) {
        phi[index] = root * x[i] * x[j];
        ++at;
      }
    }
  }
  return phi;
}

double choose(double n, double k) {
  double out = 1;
  for (double i = 1; i <= k; ++i) {
    out *= (n - k + i) / i;
  }
  return std::round(out);
}

Vector normal_vector(std::int64_t d, Rng& rng) {
  Vector x;
  for (std::int64_t i = 0; i < d; ++i) {
    x.push_back(rng.normal());
  }
  return x;
}

/// |phi(x).phi(y) - (x.y)^2|, relative to |x|^2 |y|^2 where that exceeds 1.
double kernel_error(const Vector& phi_x, const Vector& phi_y, const Vector& x, const Vector& y) {
  const double kernel = dot(x, y) * dot(x, y);
  return std::abs(dot(phi_x, phi_y) - kernel) / std::max(1.0, dot(x, x) * dot(y, y));
}

Plot dimension_plot() {
  const std::vector<double> ds = doublings(1, 128);
  Plot plot{"dimension",
            "An exact map of degree p needs about d^p / p! features",
            "Features of the map whose inner product is (x.y)^p exactly.",
            {"dimension d", "elements", true},
            {"features m", "", true},
            {}};
  const auto add = [&](std::string key, std::string label, auto size, std::string formula) {
    Vector ys;
    for (const double d : ds) {
      ys.push_back(size(d));
    }
    plot.series.push_back(fitted(std::move(key), std::move(label), ds, ys, modelled_by(std::move(formula))));
  };
  add(
      "degree_2", "degree 2, packed", [](double d) { return packed_quadratic_dim(d); }, "d (d + 1) / 2");
  add(
      "degree_2_all", "degree 2, unpacked", [](double d) { return d * d; }, "d^2");
  add(
      "degree_3", "degree 3, packed", [](double d) { return choose(d + 2, 3); }, "C(d + 2, 3)");
  add(
      "degree_4", "degree 4, packed", [](double d) { return choose(d + 3, 4); }, "C(d + 3, 4)");
  return plot;
}

}  // namespace

Result run_polynomial(const ParamSet& params, const Context& context) {
  const std::int64_t d = params.integer(kPolyDim), pairs = params.integer(kPairs);
  Rng rng(static_cast<std::uint64_t>(params.integer(params::seed)));
  double worst = 0, size = 0;
  Vector kernels, products;
  for (std::int64_t p = 0; p < pairs; ++p) {
    if (p % 100 == 0) {
      context.progress.step(static_cast<double>(p) / static_cast<double>(pairs), "checking pairs");
    }
    const Vector x = normal_vector(d, rng), y = normal_vector(d, rng);
    const Vector phi_x = packed(x), phi_y = packed(y);
    worst = worse(worst, kernel_error(phi_x, phi_y, x, y));
    size = static_cast<double>(phi_x.size());
    if (p < 200) {
      kernels.push_back(dot(x, y) * dot(x, y));
      products.push_back(dot(phi_x, phi_y));
    }
  }
  const double dd = static_cast<double>(d);
  const Provenance here = measured_here("double"), counted = counted_by("entries of phi(x)");
  Plot identity{"identity",
                "phi(x).phi(y) lies on (x.y)^2: the map is exact",
                "One dot for each of up to 200 random pairs.",
                {"(x.y)^2", "", false},
                {"phi(x).phi(y)", "", false},
                {}};
  const double top = *std::ranges::max_element(kernels);
  identity.series = {plain("pairs", "pairs", kernels, products, here, SeriesStyle::markers),
                     plain("equal", "equal", {0, top}, {0, top}, modelled_by("y = x"), SeriesStyle::dashed)};
  Result result;
  result.plots = {std::move(identity), dimension_plot()};
  result.scalars = {
      scalar("features", "features m", size, "count", counted),
      scalar("unpacked", "without packing", dd * dd, "count", modelled_by("d^2")),
      scalar("error", "largest error, relative to |x|^2 |y|^2 where that exceeds 1", worst, "error", here)};
  result.checks = {
      check_at_most("exact_map", "phi(x).phi(y) = (x.y)^2 to 1e-12", worst, kDoubleTolerance, here),
      check_exactly("packed_size", "m = d (d + 1) / 2", size, packed_quadratic_dim(dd), counted)};
  return result;
}

namespace {

struct Kind {
  std::string_view name;
  Vector (*draw)(std::int64_t d, Rng& rng);
};
Vector axis_vector(std::int64_t d, Rng& rng) {
  Vector x(static_cast<std::size_t>(d), 0.0);
  x[rng.below(static_cast<std::uint64_t>(d))] = 1 + rng.uniform();
  return x;
}
Vector ones(std::int64_t d, Rng&) {
  return Vector(static_cast<std::size_t>(d), 1.0);
}
Vector single(std::int64_t, Rng& rng) {
  return {rng.normal()};
}
constexpr Kind kInputs[] = {{"normal vectors", normal_vector},
                            {"vectors along one axis", axis_vector},
                            {"all ones", ones},
                            {"d = 1", single}};

}  // namespace

Result run_packing(const ParamSet& params, const Context& context) {
  const auto how = static_cast<Packing>(params.choice(kPackingBug) + 1);
  const std::int64_t d = params.integer(kPolyDim);
  const auto seed = static_cast<std::uint64_t>(params.integer(params::seed));
  const Provenance here = measured_here("double, worst of 200 pairs");
  Table table{"who_sees_it",
              "Which test input notices the wrong map?",
              "Largest |phi(x).phi(y) - (x.y)^2|, relative to |x|^2 |y|^2 where that exceeds 1.",
              {"x and y", "wrong map", "right map", "noticed"},
              {}};
  double noticed = 0, worst_right = 0, on_normal = 0;
  Vector kernels, wrong_products;
  for (const Kind& kind : kInputs) {
    context.progress.step(0.2, "trying inputs");
    Rng rng(seed);
    double wrong = 0, right = 0;
    for (int p = 0; p < 200; ++p) {
      const Vector x = kind.draw(d, rng), y = kind.draw(d, rng);
      const Vector wrong_x = mistaken(x, how), wrong_y = mistaken(y, how);
      wrong = worse(wrong, kernel_error(wrong_x, wrong_y, x, y));
      right = worse(right, kernel_error(packed(x), packed(y), x, y));
      if (kind.draw == normal_vector) {
        kernels.push_back(dot(x, y) * dot(x, y));
        wrong_products.push_back(dot(wrong_x, wrong_y));
      }
    }
    noticed += wrong <= kDoubleTolerance ? 0 : 1;
    worst_right = worse(worst_right, right);
    on_normal = kind.draw == normal_vector ? wrong : on_normal;
    table.rows.push_back({Cell::words(std::string(kind.name)), Cell::number(wrong, "error", here),
                          Cell::number(right, "error", here),
                          Cell::words(wrong <= kDoubleTolerance ? "no" : "yes")});
  }
  const double top = *std::ranges::max_element(kernels);
  Plot plot{"identity",
            "The wrong map leaves the line (x.y)^2",
            "One dot for each of 200 pairs of normal vectors.",
            {"(x.y)^2", "", false},
            {"phi(x).phi(y)", "", false},
            {}};
  plot.series = {plain("wrong", "wrong map", kernels, wrong_products, here, SeriesStyle::markers),
                 plain("equal", "equal", {0, top}, {0, top}, modelled_by("y = x"), SeriesStyle::dashed)};
  Result result;
  result.tables.push_back(std::move(table));
  result.plots.push_back(std::move(plot));
  const Provenance counted = counted_by("inputs with an error above 1e-12");
  result.scalars = {
      scalar("error_here", "error of the wrong map, normal vectors", on_normal, "", here),
      scalar("noticed_by", "inputs that notice it", noticed, "count", counted),
      scalar("inputs", "inputs tried", static_cast<double>(std::size(kInputs)), "count", counted)};
  result.checks = {check_at_most("right_exact", "the right map is exact on every input", worst_right,
                                 kDoubleTolerance, here)};
  if (d >= 2) {
    result.checks.push_back(check_between("bug_noticed", "at least one input notices the wrong map", noticed,
                                          1, static_cast<double>(std::size(kInputs)), counted));
  } else {
    result.notes.push_back("With d = 1 there are no pairs i < j, so nothing can be packed wrongly.");
  }
  return result;
}

}  // namespace alab::kernel_trick
