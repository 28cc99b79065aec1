// The warp-wide operation that the lanes of a warp are in: what each brings and what it gets.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include "kernels/executor/view.hpp"

namespace alab::executor {

/// One entry per lane.
struct WarpCalls {
  std::array<WarpKind, 32> kind{};
  std::array<std::uint32_t, 32> mask{};
  std::array<std::int32_t, 32> arg{}, width{};
  std::array<std::uint64_t, 32> bits{}, result{};

  /// Whether all members are in the same operation with the same mask as lane.
  bool agree(unsigned lane, std::uint32_t members) const;
  /// Fills result for the members, which agree.
  void solve(std::uint32_t members);
};

}  // namespace alab::executor
