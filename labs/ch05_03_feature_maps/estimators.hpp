// Monte Carlo of random-feature estimates of e^{x.y} for one pair of vectors at a given angle.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "reference/core/job.hpp"
#include "reference/core/rng.hpp"

namespace alab::ch05_03 {

enum Estimator : std::size_t { trigonometric, positive, hyperbolic, orthogonal, kEstimators };

/// What many draws of W say about one pair.
struct PairErrors {
  double truth = 0;                               ///< e^{x.y}
  std::array<double, kEstimators> mse{}, mean{};  ///< over the draws
  std::array<double, kEstimators> std_error{};    ///< of the mean
};

/// Where W's rows meet the plane of x and y: W enters an estimate through w.x and w.y alone, so only this is
/// drawn. One pair of numbers per row, rows after one another.
struct PlaneDraw {
  std::vector<double> first, second;
};
/// Rows from N(0, I): the projections are independent normals.
PlaneDraw iid_plane(std::int64_t rows, Rng& rng);
/// Orthogonal rows with chi(d) norms, rows <= d, d even: two orthonormal columns of a random rotation, times
/// the norms. In law the same as two columns of draw_projection(rows, d, Rows::orthogonal, RowNorm::chi).
PlaneDraw orthogonal_plane(std::int64_t rows, std::int64_t head_dim, Rng& rng);

/// One estimate of e^{x.y} from one draw; x = length e_1, y = length (cos e_1 + sin e_2).
/// Products of features are summed in closed form: e^{w.x} e^{w.y} = e^{w.(x+y)}, and sin sin + cos cos =
/// cos(w.(x - y)).
double estimate(Estimator kind, const PlaneDraw& draw, double length, double angle);

/// Errors at several angles (radians) from the same draws.
std::vector<PairErrors> errors_at(const std::vector<double>& angles, double length, std::int64_t rows,
                                  std::int64_t head_dim, std::int64_t draws, Rng& rng,
                                  const Progress& progress);

}  // namespace alab::ch05_03
