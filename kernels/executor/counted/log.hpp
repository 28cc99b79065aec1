// What the running simulated thread writes for each of its memory accesses: one 8-byte entry.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace alab::counted {

/// What an instruction does. The compiler's instrumentation tells it by which callback is called.
enum class Kind : std::uint8_t {
  read1,
  read2,
  read4,
  read8,
  read16,
  write1,
  write2,
  write4,
  write8,
  write16,
  atomic2,
  atomic4,
  atomic8,
  control
};
enum class Control : std::uint8_t { barrier, warp_sync, warp_call };

constexpr bool is_read(Kind k) {
  return k <= Kind::read16;
}
constexpr bool is_write(Kind k) {
  return k > Kind::read16 && k <= Kind::write16;
}
constexpr bool is_atomic(Kind k) {
  return k >= Kind::atomic2 && k <= Kind::atomic8;
}
constexpr unsigned size_of(Kind k) {
  const auto n = static_cast<unsigned>(k);
  return is_read(k) ? 1u << n : is_write(k) ? 1u << (n - 5) : 2u << (n - 10);
}

/// An entry is code (24 bits), kind (4), place (36). Code is the return address relative to Log::code_base,
/// so that equal upper halves mean the same instruction and the smallest entry the first in program order. A
/// place is a region (2 bits) and an offset in it.
enum class Region : std::uint8_t { global, dynamic_shared, static_shared };
constexpr int kPlaceBits = 36, kKindBits = 4, kOffsetBits = 34;
constexpr std::uint64_t kPlaceMask = (std::uint64_t{1} << kPlaceBits) - 1;
constexpr std::uint64_t kOffsetMask = (std::uint64_t{1} << kOffsetBits) - 1;

constexpr std::uint64_t place_of(Region region, std::uint64_t offset) {
  return std::uint64_t{static_cast<std::uint8_t>(region)} << kOffsetBits | offset;
}
constexpr Region region_of(std::uint64_t entry) {
  return static_cast<Region>(entry >> kOffsetBits & 3u);
}
constexpr std::uint64_t offset_of(std::uint64_t entry) {
  return entry & kOffsetMask;
}
constexpr Kind kind_of(std::uint64_t entry) {
  return static_cast<Kind>(entry >> kPlaceBits & 0xFu);
}
constexpr std::uint32_t code_of(std::uint64_t entry) {
  return static_cast<std::uint32_t>(entry >> (kPlaceBits + kKindBits));
}

constexpr unsigned kLanes = 32;
/// Entries per lane: rows of 32 lanes, small enough for the first-level cache.
constexpr unsigned kRows = 64;

/// Of the lane that runs on this OS thread now; all zero outside a counted launch.
struct Log {
  std::uint64_t* next = nullptr;  ///< the lane's next entry; its entries are kLanes apart
  std::uint64_t* end = nullptr;
  std::uintptr_t code_base = 0;
  std::uintptr_t global_base = 0, dynamic_base = 0, static_base = 0;
  std::size_t global_bytes = 0, dynamic_bytes = 0, static_bytes = 0;
};
extern constinit thread_local Log t_log;

}  // namespace alab::counted
