// Draws of W seen in the plane of two vectors, and the estimates they give.
// SPDX-License-Identifier: MIT
#include "labs/ch05_03_feature_maps/estimators.hpp"

#include <algorithm>
#include <cmath>

#include "reference/core/error.hpp"

namespace alab::ch05_03 {
namespace {

double norm(const std::vector<double>& v) {
  double sum = 0;
  for (const double x : v) {
    sum += x * x;
  }
  return std::sqrt(sum);
}

std::vector<double> normals(std::int64_t count, Rng& rng) {
  std::vector<double> out(static_cast<std::size_t>(count));
  for (double& x : out) {
    x = rng.normal();
  }
  return out;
}

/// Length of a normal vector of even dimension d: chi^2(d) = -2 ln(product of d/2 uniforms).
double chi(std::int64_t dimension, Rng& rng) {
  double product = 1;
  for (std::int64_t i = 0; i < dimension / 2; ++i) {
    product *= 1 - rng.uniform();
  }
  return std::sqrt(-2 * std::log(product));
}

struct Sums {
  double value = 0, error = 0;
};

}  // namespace

PlaneDraw iid_plane(std::int64_t rows, Rng& rng) {
  return {normals(rows, rng), normals(rows, rng)};
}

PlaneDraw orthogonal_plane(std::int64_t rows, std::int64_t head_dim, Rng& rng) {
  require(rows >= 1 && rows <= head_dim && head_dim % 2 == 0,
          "orthogonal rows in a plane need rows 1 .. head_dim ", "and an even head_dim, got ", rows, " and ",
          head_dim);
  PlaneDraw draw{normals(head_dim, rng), normals(head_dim, rng)};
  const double first = norm(draw.first);
  double along = 0;
  for (std::size_t i = 0; i < draw.first.size(); ++i) {
    draw.first[i] /= first;
    along += draw.first[i] * draw.second[i];
  }
  for (std::size_t i = 0; i < draw.first.size(); ++i) {
    draw.second[i] -= along * draw.first[i];
  }
  const double second = norm(draw.second);
  draw.first.resize(static_cast<std::size_t>(rows));
  draw.second.resize(static_cast<std::size_t>(rows));
  for (std::size_t i = 0; i < draw.first.size(); ++i) {
    const double length = chi(head_dim, rng);
    draw.first[i] *= length;
    draw.second[i] *= length / second;
  }
  return draw;
}

double estimate(Estimator kind, const PlaneDraw& draw, double length, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  const bool trig = kind == trigonometric;
  const double along = length * (trig ? 1 - c : 1 + c), across = length * (trig ? -s : s);
  double sum = 0;
  for (std::size_t i = 0; i < draw.first.size(); ++i) {
    const double w = along * draw.first[i] + across * draw.second[i];  // w.(x + y), or w.(x - y)
    sum += trig ? std::cos(w) : kind == hyperbolic ? std::cosh(w) : std::exp(w);
  }
  const double size = length * length;  // (|x|^2 + |y|^2) / 2
  return std::exp(trig ? size : -size) * sum / static_cast<double>(draw.first.size());
}

std::vector<PairErrors> errors_at(const std::vector<double>& angles, double length, std::int64_t rows,
                                  std::int64_t head_dim, std::int64_t draws, Rng& rng,
                                  const Progress& progress) {
  std::vector<PairErrors> out(angles.size());
  std::vector<std::array<Sums, kEstimators>> sums(angles.size());
  for (std::size_t a = 0; a < angles.size(); ++a) {
    out[a].truth = std::exp(length * length * std::cos(angles[a]));
  }
  for (std::int64_t n = 0; n < draws; ++n) {
    if (n % 1000 == 0) {
      progress.step(static_cast<double>(n) / static_cast<double>(draws), "drawing W");
    }
    const PlaneDraw iid = iid_plane(rows, rng), ortho = orthogonal_plane(rows, head_dim, rng);
    for (std::size_t a = 0; a < angles.size(); ++a) {
      for (std::size_t e = 0; e < kEstimators; ++e) {
        const double got =
            estimate(static_cast<Estimator>(e), e == orthogonal ? ortho : iid, length, angles[a]);
        const double off = got - out[a].truth;
        sums[a][e].value += got;
        sums[a][e].error += off * off;
      }
    }
  }
  const auto count = static_cast<double>(draws);
  for (std::size_t a = 0; a < angles.size(); ++a) {
    for (std::size_t e = 0; e < kEstimators; ++e) {
      out[a].mse[e] = sums[a][e].error / count;
      out[a].mean[e] = sums[a][e].value / count;
      const double bias = out[a].mean[e] - out[a].truth;
      out[a].std_error[e] = std::sqrt(std::max(0.0, out[a].mse[e] - bias * bias) / count);
    }
  }
  return out;
}

}  // namespace alab::ch05_03
