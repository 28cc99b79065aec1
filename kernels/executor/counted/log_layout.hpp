// What a simulated thread writes for its memory accesses, and the shape of the memory it writes to; shared
// with the build step that makes compiled kernels write it. SPDX-License-Identifier: MIT
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

/// A log is rows of 32 cells of 8 bytes, one cell per lane. A run of accesses that no jump can enter or leave
/// takes one row for its head, which names it, and one for each address in order.
/// A head is the distance from its place in the code to kLogAnchor, sign-extended; one that a function wrote
/// on behalf of its caller has 256 + kind in its upper half, names the return address and leads one cell.
/// That of a meeting has kind control, and its cell is how and whom it meets.
constexpr unsigned kLanes = 32;
constexpr unsigned kRowBytes = 8 * kLanes;
/// A lane's log counts as full from this row on; runs that have begun before have room behind it.
constexpr unsigned kRows = 128;
constexpr unsigned kLongestRun = 15;
constexpr unsigned kAllRows = kRows + 1 + kLongestRun;
/// Set in the address of every cell from row kRows on, clear before: the log begins at a multiple of twice
/// it.
constexpr std::uintptr_t kFullBit = std::uintptr_t{kRows} * kRowBytes;
static_assert((kFullBit & (kFullBit - 1)) == 0);

}  // namespace alab::counted
