// The state of a recurrent form at one token, handed to whoever plays it. SPDX-License-Identifier: MIT
#pragma once

#include <functional>

#include "reference/core/tensor.hpp"

namespace alab {

/// The state after `token` (0-based) was folded in. A chunkwise form reports the last token of each chunk.
struct StateMoment {
  std::int64_t token = 0;
  Tensor<double> state;       ///< S [m, dv]
  Tensor<double> normalizer;  ///< z [m], or empty in a form without one
};
using StateObserver = std::function<void(const StateMoment&)>;

}  // namespace alab
