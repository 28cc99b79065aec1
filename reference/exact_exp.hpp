// e^x of arrays by the standard library. Eigen's own is vectorised but clamps its argument: e^{-200} is not 0
// and e^{100} not infinity there, and the labs show exactly that. Internal to this floor.
// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>
#include <cmath>

namespace alab {

/// e^x element by element: e^{-inf} is exactly 0, overflow is infinity.
template <class Array>
auto exp_of(const Array& x) {
  return x.unaryExpr([](typename Array::Scalar value) { return std::exp(value); });
}

}  // namespace alab
