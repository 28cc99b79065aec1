// A case of the case format run through a kernel rung.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "kernels/backend.hpp"
#include "reference/algorithms.hpp"

namespace alab::cli {

struct RungCase {
  const Algorithm& algorithm;
  const Json& params;
  NamedTensors<float> inputs;
  Backend backend = Backend::simulated;
  std::string rung;  ///< id; "" takes the last rung that supports the case
};

struct RungOutcome {
  NamedTensors<float> outputs;  ///< by the names of the algorithm
  std::string rung;             ///< the one that ran
  std::string failure;          ///< "" or how the outputs differ from the algorithm in double precision
};

/// Error says why no rung can take the case.
RungOutcome eval_rung(const RungCase& c, const Progress& progress);

}  // namespace alab::cli
