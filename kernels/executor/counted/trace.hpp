// Single requests of warps, as data: what a chosen block asked of memory, one request after the other.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/executor/counted/profile.hpp"

namespace alab::counted {

/// Which requests are kept. A launch ignores the blocks that it does not have.
struct TraceWish {
  std::vector<std::uint64_t> blocks;                 ///< linear index, x fastest; empty: no trace
  std::size_t most_requests = std::size_t{1} << 14;  ///< of one launch, in equal shares for its wished blocks
  std::size_t most_per_instruction = 0;              ///< of one block; 0: no limit but most_requests
  unsigned most_launches = 16;                       ///< later launches keep nothing
  bool only_global = false;                          ///< leaves requests of shared memory out
  std::size_t most_values = 0;                       ///< of what threads show by watch(), as most_requests
};

enum class RequestKind : std::uint8_t { load, store, atomic };
enum class RequestSpace : std::uint8_t { global, dynamic_shared, static_shared };

/// One memory instruction of one warp.
struct TracedRequest {
  std::uint64_t block = 0;  ///< linear
  std::uint32_t launch = 0;
  std::uint32_t epoch = 0;  ///< how often all threads of the block had met at a barrier before
  std::uint16_t warp = 0;
  RequestKind kind = RequestKind::load;
  RequestSpace space = RequestSpace::global;
  std::uint8_t bytes = 4;  ///< of each lane
  int line = 0;            ///< index into RequestTrace::lines
  int buffer = -1;         ///< index into RequestTrace::buffers; -1: shared memory
  std::uint32_t mask = 0;  ///< active lanes
  /// Bytes from the start of the buffer, of dynamic shared memory, or of what the trace of this launch shows
  /// of static shared memory; an inactive lane repeats the first active one.
  std::array<std::int64_t, 32> offsets{};
  std::uint32_t sectors = 0;     ///< global: of 32 bytes
  std::uint32_t wavefronts = 0;  ///< shared; not counted for atomics
  std::uint32_t conflicts = 0;   ///< shared: wavefronts beyond what an ideal pattern of this width needs
};

/// What a thread showed by watch(name, row, col, value).
struct WatchedValue {
  std::uint64_t block = 0;  ///< linear
  std::uint32_t launch = 0;
  std::uint32_t epoch = 0;  ///< as of a request
  std::string_view name;
  int row = 0, col = 0;
  float value = 0;
  unsigned thread = 0;  ///< linear within the block
};

/// Ordered by launch and block; the requests of one warp are in the order in which they were executed.
struct RequestTrace {
  std::vector<TracedRequest> requests;
  std::vector<Line> lines;           ///< distinct, as in LaunchProfile::lines
  std::vector<std::string> buffers;  ///< names
  std::vector<WatchedValue> values;  ///< ordered by launch and block, then as they were shown
  std::uint64_t cut = 0;             ///< requests of wished blocks that the wish had no room for
  std::uint64_t values_cut = 0;      ///< the same of values, where any were wished for
};

}  // namespace alab::counted
