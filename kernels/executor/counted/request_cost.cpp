// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/request_cost.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "kernels/executor/counted/pattern.hpp"
#include "reference/core/error.hpp"

namespace alab::counted {
namespace {

constexpr std::int64_t kRow = 128;  // bytes: sectors and banks repeat

std::int64_t lowest(const RequestShape& shape) {
  std::int64_t low = std::numeric_limits<std::int64_t>::max();
  for (unsigned l = 0; l < kLanes; ++l) {
    low = (shape.mask >> l & 1u) != 0 ? std::min(low, shape.offsets[l]) : low;
  }
  return low;
}

Kind kind_of(const RequestShape& shape) {
  const bool atomic = shape.kind == RequestKind::atomic;
  require(std::has_single_bit(shape.bytes) && shape.bytes <= 16 && (!atomic || (shape.bytes - 2) <= 6),
          "a lane cannot touch ", shape.bytes, " bytes at once: choose 1, 2, 4, 8 or 16 (atomics 2, 4 or 8)");
  const auto log = static_cast<unsigned>(std::countr_zero(shape.bytes));
  const unsigned first = atomic                             ? static_cast<unsigned>(Kind::atomic2) - 1
                         : shape.kind == RequestKind::store ? static_cast<unsigned>(Kind::write1)
                                                            : static_cast<unsigned>(Kind::read1);
  return static_cast<Kind>(first + log);
}

}  // namespace

RequestShape shape_of(const TracedRequest& request) {
  return {request.kind, request.space, request.bytes, request.mask, request.offsets};
}

LaneOffsets bank_offsets(const RequestShape& shape) {
  require(shape.mask != 0, "a request needs at least one active lane");
  const std::int64_t low = lowest(shape);
  const std::int64_t origin = low - ((low % kRow) + kRow) % kRow;
  const std::int64_t first = shape.offsets[static_cast<std::size_t>(std::countr_zero(shape.mask))];
  LaneOffsets offsets;
  for (unsigned l = 0; l < kLanes; ++l) {
    const std::int64_t own = (shape.mask >> l & 1u) != 0 ? shape.offsets[l] : first;
    offsets[l] = static_cast<std::uint64_t>(own - origin);
    require(offsets[l] < std::uint64_t{1} << 32, "lanes ", own - low,
            " bytes apart cannot be shown as one request");
  }
  return offsets;
}

Access cost_of(const RequestShape& shape) {
  const LaneOffsets offsets = bank_offsets(shape);
  const std::uint64_t first = offsets[static_cast<std::size_t>(std::countr_zero(shape.mask))];
  const Manner manner{kind_of(shape), shape.space != RequestSpace::global};
  Pattern pattern(offsets.data(), shape.mask, first, manner);
  Access cost = pattern.cost();
  cost.passes = pattern.passes(static_cast<unsigned>(first / 4 % 8));
  return cost;
}

}  // namespace alab::counted
