// Counters of a run held against the bounds of a check. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/student/verdict.hpp"

namespace alab::student {

struct Bounds {
  std::vector<CounterBound> all;
  std::string sentence;  ///< "" when all hold; otherwise about the first that does not
};
struct Counted {
  const ParamSet& shape;
  std::span<const counted::LaunchProfile> launches;
};

/// The conditions of a count check. Atomics are no loads and no stores here.
Bounds counts_of(const CheckSpec& check, const ParamSet& shape,
                 std::span<const counted::LaunchProfile> launches);
/// The counter of a growth check at the doubled shape over that at the shape. An atomic is a load and a
/// store.
Bounds growth_of(const CheckSpec& check, const Counted& small, const Counted& large);

}  // namespace alab::student
