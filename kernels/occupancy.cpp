// SPDX-License-Identifier: MIT
#include "kernels/occupancy.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

#include "reference/core/error.hpp"

namespace alab {
namespace {

constexpr int kKiB = 1024;
constexpr int kLanes = 32;
constexpr int kRegisterUnit = 256;
constexpr int kQuarters = 4;
constexpr int kNoLimit = std::numeric_limits<int>::max();

constexpr SmLimits kLimits[] = {
    {70, 64, 32, 96 * kKiB, 96 * kKiB, 0, 256},      {75, 32, 16, 64 * kKiB, 64 * kKiB, 0, 256},
    {80, 64, 32, 164 * kKiB, 163 * kKiB, kKiB, 128}, {86, 48, 16, 100 * kKiB, 99 * kKiB, kKiB, 128},
    {87, 48, 16, 164 * kKiB, 163 * kKiB, kKiB, 128}, {89, 48, 24, 100 * kKiB, 99 * kKiB, kKiB, 128},
    {90, 64, 32, 228 * kKiB, 227 * kKiB, kKiB, 128}, {100, 64, 32, 228 * kKiB, 227 * kKiB, kKiB, 128},
    {120, 48, 24, 100 * kKiB, 99 * kKiB, kKiB, 128},
};

template <class T>
T round_up(T n, T unit) {
  return (n + unit - 1) / unit * unit;
}

int blocks_by_registers(const SmLimits& sm, int registers, int warps) {
  if (registers == 0) {
    return kNoLimit;
  }
  const int per_warp = round_up(registers * kLanes, kRegisterUnit);
  // A launch is refused as if every quarter had as many warps as the fullest.
  if (per_warp * round_up(warps, kQuarters) > sm.registers) {
    return 0;
  }
  return sm.registers / kQuarters / per_warp * kQuarters / warps;
}

int blocks_by_shared(const SmLimits& sm, std::int64_t bytes) {
  const std::int64_t taken = round_up<std::int64_t>(bytes + sm.shared_reserved_bytes, sm.shared_unit);
  return taken == 0 ? kNoLimit : static_cast<int>(sm.shared_bytes / taken);
}

std::string limits_of(const Occupancy& o) {
  std::string names;
  const auto add = [&](int blocks, std::string_view name) {
    if (blocks == o.blocks) {
      names += (names.empty() ? "" : ", ") + std::string(name);
    }
  };
  add(o.by_warps, "warps");
  add(o.by_blocks, "blocks");
  add(o.by_registers, "registers");
  add(o.by_shared, "shared memory");
  return names;
}

}  // namespace

std::span<const SmLimits> all_sm_limits() {
  return kLimits;
}

const SmLimits* find_sm_limits(int sm) {
  const auto* const at =
      std::find_if(std::begin(kLimits), std::end(kLimits), [&](const SmLimits& l) { return l.sm == sm; });
  return at == std::end(kLimits) ? nullptr : at;
}

Occupancy occupancy(const SmLimits& sm, const BlockNeeds& block) {
  require(block.threads >= 1 && block.threads <= 1024, "a block of ", block.threads,
          " threads does not exist: choose 1 to 1024");
  require(block.registers >= 0 && block.shared_bytes >= 0, "a block cannot take ", block.registers,
          " registers per thread and ", block.shared_bytes, " bytes of shared memory: neither is below 0");
  Occupancy o;
  o.registers_known = block.registers > 0;
  const int warps = (block.threads + kLanes - 1) / kLanes;
  o.by_warps = sm.warps / warps;
  o.by_blocks = sm.blocks;
  o.by_registers =
      block.registers > sm.registers_per_thread ? 0 : blocks_by_registers(sm, block.registers, warps);
  o.by_shared = block.shared_bytes > sm.shared_bytes_per_block ? 0 : blocks_by_shared(sm, block.shared_bytes);
  o.blocks = std::min({o.by_warps, o.by_blocks, o.by_registers, o.by_shared});
  o.warps = o.blocks * warps;
  o.share = static_cast<double>(o.warps) / sm.warps;
  o.limited_by = limits_of(o);
  if (o.by_registers == 0) {
    o.not_launchable = text(block.registers, " registers for each of ", block.threads,
                            " threads are over the ", sm.registers, " of a multiprocessor (and ",
                            sm.registers_per_thread, " per thread): use smaller blocks or __launch_bounds__");
  } else if (o.by_shared == 0) {
    o.not_launchable = text(block.shared_bytes, " bytes of shared memory are over the ",
                            sm.shared_bytes_per_block, " that a block can have: use smaller tiles");
  }
  return o;
}

}  // namespace alab
