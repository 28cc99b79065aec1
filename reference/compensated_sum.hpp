// A sum whose error does not grow with the number of terms. Relies on strict floating point (no -ffast-math).
// SPDX-License-Identifier: MIT
#pragma once

#include <cmath>

namespace alab {

/// Kahan's sum with Neumaier's exchange (1974): error about one rounding of the result. Infinities and NaN
/// pass through.
template <class T>
class CompensatedSum {
 public:
  void add(T term) {
    const T sum = sum_ + term;
    if (std::abs(sum_) >= std::abs(term)) {
      lost_ += (sum_ - sum) + term;
    } else {
      lost_ += (term - sum) + sum_;
    }
    sum_ = sum;
  }
  T value() const { return std::isfinite(sum_) ? sum_ + lost_ : sum_; }

 private:
  T sum_ = 0, lost_ = 0;
};

}  // namespace alab
