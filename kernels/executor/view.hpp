// What the running CUDA thread sees of itself, and the calls by which it meets other threads.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <source_location>

namespace alab::executor {

/// CUDA's uint3 and dim3; every build of a kernel file shares them with the runtime.
struct uint3 {
  unsigned x, y, z;
};
struct dim3 {
  unsigned x = 1, y = 1, z = 1;
  constexpr dim3(unsigned vx = 1, unsigned vy = 1, unsigned vz = 1) : x(vx), y(vy), z(vz) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  constexpr operator uint3() const { return {x, y, z}; }
};

/// The built-in variables of the thread that is running on this OS thread now.
struct View {
  uint3 thread_idx{};
  uint3 block_idx{};
  dim3 block_dim;
  dim3 grid_dim;
  std::byte* dynamic_shared = nullptr;
};
extern constinit thread_local View t_view;

/// The same for a build whose every load is counted: calls, which the compiler may make once per thread.
/// x in the low 32 bits, y and z in 16 each.
[[gnu::const]] std::uint64_t packed_thread_idx() noexcept;
[[gnu::const]] std::uint64_t packed_block_idx() noexcept;
[[gnu::const]] std::uint64_t packed_block_dim() noexcept;
[[gnu::const]] std::uint64_t packed_grid_dim() noexcept;
[[gnu::const]] std::byte* dynamic_shared() noexcept;

using Site = std::source_location;

/// Waits for every thread of the block.
/// Threads that left the kernel, or wait at another source line, for ever: Error from the launch.
void sync_threads(Site where);
enum class BarrierKind : std::uint8_t { count, all, any };
/// The same, and the count, and, or or of the predicates.
int sync_threads(BarrierKind kind, bool predicate, Site where);

enum class WarpKind : std::uint8_t {
  sync,
  shfl,
  shfl_up,
  shfl_down,
  shfl_xor,
  all,
  any,
  uni,
  ballot,
  match_any,
  match_all,
  add_s32,
  min_s32,
  max_s32,
  add_u32,
  min_u32,
  max_u32,
  and_u32,
  or_u32,
  xor_u32
};
/// Waits for every lane that mask names and that has not left the kernel, and returns this lane's result. A
/// value asked from a lane that takes no part is all ones (NaN, -1), so that it shows.
/// @param bits   the value, zero-extended
/// @param arg    source lane, delta or lane mask of a shuffle
/// @param width  lanes of a shuffle's segment
std::uint64_t warp_call(WarpKind kind, std::uint32_t mask, std::uint64_t bits, std::int32_t arg,
                        std::int32_t width, Site where);
/// Lanes of the warp that arrive at this source line together once every other lane waits or has left.
std::uint32_t active_mask(Site where);
/// Throws Error: the kernel stopped itself.
[[noreturn]] void trap(Site where);

}  // namespace alab::executor
