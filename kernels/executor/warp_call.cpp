// Values of the warp-wide operations: shuffles, votes, matches and reductions.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>

#include "kernels/executor/block_runner.hpp"

namespace alab::executor {
namespace {

constexpr std::uint64_t kUndefined = ~std::uint64_t{0};

// PTX ISA, "shfl.sync": the lane that is read, or the own lane when that lies outside the segment.
unsigned source_lane(const WarpCall& call, unsigned lane) {
  const auto width = static_cast<unsigned>(call.width);
  const unsigned first = lane & ~(width - 1), last = first | (width - 1);
  const unsigned arg = static_cast<unsigned>(call.arg) & 31u;
  switch (call.kind) {
    case WarpKind::shfl:
      return first | (arg & (width - 1));
    case WarpKind::shfl_up:
      return lane >= first + arg ? lane - arg : lane;
    case WarpKind::shfl_down:
      return lane + arg <= last ? lane + arg : lane;
    default:
      return (lane ^ arg) <= last ? lane ^ arg : lane;
  }
}

template <class Function>
void for_each_lane(std::uint32_t members, Function function) {
  for (std::uint32_t rest = members; rest != 0; rest &= rest - 1) {
    function(static_cast<unsigned>(std::countr_zero(rest)));
  }
}

std::uint64_t reduce(WarpKind kind, std::uint32_t members, const WarpCall* const (&calls)[32]) {
  std::uint32_t total = static_cast<std::uint32_t>(calls[std::countr_zero(members)]->bits);
  for_each_lane(members & (members - 1), [&](unsigned lane) {
    const auto value = static_cast<std::uint32_t>(calls[lane]->bits);
    const auto a = static_cast<std::int32_t>(total), b = static_cast<std::int32_t>(value);
    switch (kind) {
      case WarpKind::add_s32:
      case WarpKind::add_u32:
        total += value;
        break;
      case WarpKind::min_s32:
        total = static_cast<std::uint32_t>(std::min(a, b));
        break;
      case WarpKind::max_s32:
        total = static_cast<std::uint32_t>(std::max(a, b));
        break;
      case WarpKind::min_u32:
        total = std::min(total, value);
        break;
      case WarpKind::max_u32:
        total = std::max(total, value);
        break;
      case WarpKind::and_u32:
        total &= value;
        break;
      case WarpKind::or_u32:
        total |= value;
        break;
      default:
        total ^= value;
        break;
    }
  });
  return total;
}

std::uint32_t lanes_equal_to(std::uint64_t bits, std::uint32_t members, const WarpCall* const (&calls)[32]) {
  std::uint32_t same = 0;
  for_each_lane(members, [&](unsigned lane) { same |= std::uint32_t{calls[lane]->bits == bits} << lane; });
  return same;
}

std::uint64_t vote(WarpKind kind, std::uint32_t members, const WarpCall* const (&calls)[32]) {
  const std::uint32_t yes = members & ~lanes_equal_to(0, members, calls);
  switch (kind) {
    case WarpKind::all:
      return yes == members;
    case WarpKind::any:
      return yes != 0;
    case WarpKind::uni:
      return yes == members || yes == 0;
    default:
      return yes;
  }
}

}  // namespace

void solve_warp_call(std::uint32_t members, const WarpCall* const (&calls)[32],
                     std::uint64_t (&results)[32]) {
  const WarpKind kind = calls[std::countr_zero(members)]->kind;
  if (kind == WarpKind::sync) {
    return;
  }
  if (kind <= WarpKind::shfl_xor) {
    for_each_lane(members, [&](unsigned lane) {
      const unsigned source = source_lane(*calls[lane], lane);
      results[lane] = (members >> source & 1u) != 0 ? calls[source]->bits : kUndefined;
    });
  } else if (kind <= WarpKind::ballot) {
    const std::uint64_t answer = vote(kind, members, calls);
    for_each_lane(members, [&](unsigned lane) { results[lane] = answer; });
  } else if (kind == WarpKind::match_any) {
    for_each_lane(members,
                  [&](unsigned lane) { results[lane] = lanes_equal_to(calls[lane]->bits, members, calls); });
  } else if (kind == WarpKind::match_all) {
    const std::uint64_t first = calls[std::countr_zero(members)]->bits;
    const std::uint32_t answer = lanes_equal_to(first, members, calls) == members ? members : 0;
    for_each_lane(members, [&](unsigned lane) { results[lane] = answer; });
  } else {
    const std::uint64_t answer = reduce(kind, members, calls);
    for_each_lane(members, [&](unsigned lane) { results[lane] = answer; });
  }
}

}  // namespace alab::executor
