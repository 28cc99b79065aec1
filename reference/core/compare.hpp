// Holding what came out against the truth. NaN fails, infinities must match in place and sign.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "reference/core/result.hpp"
#include "reference/core/tensor.hpp"

namespace alab {

/// The distance of got from truth over the entries where truth is finite.
struct Difference {
  double rel_l2 = 0;   ///< ||got - truth||_2 / ||truth||_2; absolute when ||truth|| = 0; NaN when got has one
  double max_abs = 0;  ///< max |got - truth|; NaN when got has one where truth is finite
  std::int64_t worst = -1;      ///< flat index of max_abs, or of the first non-finite mismatch
  std::int64_t mismatched = 0;  ///< entries where finiteness, NaN-ness or sign of infinity differ
  bool comparable = true;       ///< false when sizes differ
};
template <class T>
Difference difference(std::span<const T> got, std::span<const double> truth);

struct Tolerance {
  double rel_l2 = 0, max_abs = 0;
};
/// True only when every number involved is finite and within: NaN never passes.
bool within(const Difference& difference, const Tolerance& tolerance);

/// FlashAttention's rule: tolerance = 2 x (error of the plain form in the same precision) + rounding floor.
/// floor: eps of T x (largest |truth|) x 4 for max_abs; 4 eps for rel_l2.
template <class T>
Tolerance derived_tolerance(std::span<const T> plain, std::span<const double> truth);

/// A Check on rel_l2 (value) whose detail names the worst element in the tensor's own indices.
Check compare(std::string key, std::string label, const Difference& difference, const Tolerance& tolerance,
              const Shape& shape, Provenance provenance);

}  // namespace alab
