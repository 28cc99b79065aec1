// How many passes shared memory needs for one request of a warp.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

namespace alab::counted {

using LaneOffsets = std::array<std::uint64_t, 32>;  ///< bytes, one per lane; inactive lanes are ignored

struct SharedCost {
  unsigned wavefronts = 0;
  unsigned conflicts = 0;  ///< wavefronts beyond one per group
};

/// 32 banks of 4 bytes. The lanes go in groups; a group needs as many wavefronts as the most distinct words
/// of it that fall in one bank. Up to 4 bytes: the warp is one group; 8 bytes: half warps; 16: quarter warps.
/// Loads of 8 and 16 bytes merge neighbouring groups when every lane reads what lane^1, or every lane what
/// lane^2, reads.
/// Source: 966 single-warp requests measured on an H200 (tests/kernels/data/ncu_shared_memory_h200.csv);
/// partly active warps were not measured: there an inactive lane agrees with any other.
unsigned lanes_per_group(bool load, unsigned bytes, std::uint32_t mask, const LaneOffsets& offsets);
SharedCost shared_cost(bool load, unsigned bytes, std::uint32_t mask, const LaneOffsets& offsets);

}  // namespace alab::counted
