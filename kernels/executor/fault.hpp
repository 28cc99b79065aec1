// Why a launch was stopped, with what a report needs beside the sentence.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "kernels/executor/view.hpp"
#include "reference/core/error.hpp"

namespace alab::executor {

enum class FaultKind : std::uint8_t { divergent_barrier, warp_call, launch_limits, shared_bounds };

/// The sentence is what(); a catcher that only wants that catches Error.
struct Fault : Error {
  Fault(FaultKind k, const std::string& sentence, Site w = {}) : Error(sentence), kind(k), where(w) {}
  FaultKind kind;
  Site where;  ///< line 0: not known
  uint3 block{}, thread{};
};

}  // namespace alab::executor
