// What the counting rules give for one request of a warp, whether a kernel made it or a student drew it.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/executor/counted/banks.hpp"
#include "kernels/executor/counted/trace.hpp"

namespace alab::counted {

/// A memory instruction of one warp, as TracedRequest has it.
struct RequestShape {
  RequestKind kind = RequestKind::load;
  RequestSpace space = RequestSpace::global;
  unsigned bytes = 4;  ///< of each lane: 1 to 16, a power of two; atomics 2 to 8
  std::uint32_t mask = 0xFFFFFFFFu;
  std::array<std::int64_t, 32> offsets{};  ///< bytes from a place that is a multiple of 128
};
RequestShape shape_of(const TracedRequest& request);

/// passes: sectors, or wavefronts, as LaunchProfile counts them.
/// @throws Error when no lane is active, the width is none of these, or the lanes are over 4 GiB apart
Access cost_of(const RequestShape& shape);

/// Offsets as the bank rules take them, from a multiple of 128.
LaneOffsets bank_offsets(const RequestShape& shape);

}  // namespace alab::counted
