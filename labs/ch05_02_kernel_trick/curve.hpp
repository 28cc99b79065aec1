// The one-dimensional samples that the smoother and ridge regression fit.
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "reference/core/rng.hpp"

namespace alab::kernel_trick {

struct Samples {
  std::vector<double> xs, ys;
};

inline double true_curve(double x) {
  return std::sin(4 * x) + 0.3 * std::cos(7 * x);
}

/// x uniform in [-1, 1], y the curve plus normal noise.
inline Samples draw_samples(std::int64_t count, double noise, std::uint64_t seed) {
  Rng rng(seed);
  Samples s;
  for (std::int64_t i = 0; i < count; ++i) {
    s.xs.push_back(rng.uniform(-1, 1));
    s.ys.push_back(true_curve(s.xs.back()) + noise * rng.normal());
  }
  return s;
}

}  // namespace alab::kernel_trick
