// Values of the warp-wide operations: shuffles, votes, matches and reductions.
// SPDX-License-Identifier: MIT
#include "kernels/executor/warp_calls.hpp"

#include <algorithm>
#include <bit>

namespace alab::executor {
namespace {

constexpr std::uint64_t kUndefined = ~std::uint64_t{0};

template <class Function>
void for_each_lane(std::uint32_t members, Function function) {
  for (std::uint32_t rest = members; rest != 0; rest &= rest - 1) {
    function(static_cast<unsigned>(std::countr_zero(rest)));
  }
}

// PTX ISA, "shfl.sync": the lane that is read, or the own lane when that lies outside the segment.
unsigned source_lane(WarpKind kind, unsigned lane, unsigned arg, unsigned width) {
  const unsigned first = lane & ~(width - 1), last = first | (width - 1);
  switch (kind) {
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

std::uint32_t combine(WarpKind kind, std::uint32_t x, std::uint32_t y) {
  const auto a = static_cast<std::int32_t>(x), b = static_cast<std::int32_t>(y);
  switch (kind) {
    case WarpKind::add_s32:
    case WarpKind::add_u32:
      return x + y;
    case WarpKind::min_s32:
      return static_cast<std::uint32_t>(std::min(a, b));
    case WarpKind::max_s32:
      return static_cast<std::uint32_t>(std::max(a, b));
    case WarpKind::min_u32:
      return std::min(x, y);
    case WarpKind::max_u32:
      return std::max(x, y);
    case WarpKind::and_u32:
      return x & y;
    case WarpKind::or_u32:
      return x | y;
    default:
      return x ^ y;
  }
}

using Words = std::array<std::uint64_t, 32>;

std::uint32_t lanes_equal_to(std::uint64_t value, std::uint32_t members, const Words& bits) {
  std::uint32_t same = 0;
  for_each_lane(members, [&](unsigned lane) { same |= std::uint32_t{bits[lane] == value} << lane; });
  return same;
}

std::uint64_t vote(WarpKind kind, std::uint32_t members, const Words& bits) {
  const std::uint32_t yes = members & ~lanes_equal_to(0, members, bits);
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

std::uint64_t common_answer(WarpKind kind, std::uint32_t members, const Words& bits) {
  if (kind <= WarpKind::ballot) {
    return vote(kind, members, bits);
  }
  const auto first = static_cast<unsigned>(std::countr_zero(members));
  if (kind == WarpKind::match_all) {
    return lanes_equal_to(bits[first], members, bits) == members ? members : 0;
  }
  auto total = static_cast<std::uint32_t>(bits[first]);
  for_each_lane(members & (members - 1),
                [&](unsigned lane) { total = combine(kind, total, static_cast<std::uint32_t>(bits[lane])); });
  return total;
}

}  // namespace

bool WarpCalls::agree(unsigned lane, std::uint32_t members) const {
  const WarpKind k = kind[lane];
  const std::uint32_t m = mask[lane];
  bool same = true;
  for_each_lane(members, [&](unsigned other) { same = same && kind[other] == k && mask[other] == m; });
  return same;
}

void WarpCalls::solve(std::uint32_t members) {
  const WarpKind k = kind[static_cast<std::size_t>(std::countr_zero(members))];
  if (k == WarpKind::sync) {
    return;
  }
  if (k <= WarpKind::shfl_xor) {
    for_each_lane(members, [&](unsigned lane) {
      const auto by = static_cast<unsigned>(arg[lane]) & 31u;
      const unsigned source = source_lane(k, lane, by, static_cast<unsigned>(width[lane]));
      result[lane] = (members >> source & 1u) != 0 ? bits[source] : kUndefined;
    });
  } else if (k == WarpKind::match_any) {
    for_each_lane(members, [&](unsigned lane) { result[lane] = lanes_equal_to(bits[lane], members, bits); });
  } else {
    const std::uint64_t answer = common_answer(k, members, bits);
    for_each_lane(members, [&](unsigned lane) { result[lane] = answer; });
  }
}

}  // namespace alab::executor
