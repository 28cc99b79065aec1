// What one launch did, as data: counters per kernel, source line, block and buffer, and the mistakes found.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/executor/flops.hpp"

namespace alab::counted {

/// One kind of memory access. A request is one instruction of a warp, whatever number of its lanes take part.
struct Access {
  std::uint64_t requests = 0;
  std::uint64_t lanes = 0;       ///< active lanes, summed over requests
  std::uint64_t bytes = 0;       ///< asked for by the lanes, summed
  std::uint64_t used_bytes = 0;  ///< distinct within each request: a broadcast counts once
  std::uint64_t passes = 0;  ///< global: 32-byte sectors; shared: wavefronts; shared atomics: not counted, 0
  std::uint64_t conflicts = 0;  ///< shared: wavefronts beyond what an ideal pattern of this width needs

  Access& operator+=(const Access& other);
};

/// Local memory is not in here: which local arrays leave the registers is the compiler's choice.
struct Counters {
  Access global_load, global_store, global_atomic, shared_load, shared_store, shared_atomic;
  std::uint64_t barriers = 0;       ///< __syncthreads and its kin, per warp
  std::uint64_t warp_syncs = 0;     ///< __syncwarp
  std::uint64_t warp_calls = 0;     ///< shuffles, votes, matches, reductions
  std::uint64_t control_lanes = 0;  ///< active lanes of the three above

  Counters& operator+=(const Counters& other);
};

struct Line {
  std::string file;  ///< "kernels/softmax_rows/00_naive.cu"
  int line = 0;      ///< 0: unknown
  auto operator<=>(const Line&) const = default;
};

struct LineProfile {
  Line line;
  Counters counters;
  FlopCounts flops;  ///< zero when the launch's operations were not counted
};

/// Distinct bytes are counted in words of 4 bytes, sectors in 32.
struct BufferProfile {
  std::string name;
  std::uint64_t bytes = 0;
  bool scratch = false;
  std::uint64_t read_bytes = 0, written_bytes = 0;      ///< distinct over the launch
  std::uint64_t read_sectors = 0, written_sectors = 0;  ///< distinct over the launch: the compulsory traffic
  /// used_bytes of the requests that went here, however often an element was asked for: traffic between
  /// memory and chip as papers count it.
  std::uint64_t load_bytes = 0, store_bytes = 0, atomic_bytes = 0;
};

struct BlockProfile {
  std::uint64_t requests = 0;             ///< memory instructions of its warps
  std::uint64_t load_bytes = 0;           ///< used_bytes of its global loads
  std::uint64_t store_bytes = 0;          ///< used_bytes of its global stores
  std::uint64_t distinct_load_bytes = 0;  ///< each word once, however often the block loads it
  std::uint64_t shared_wavefronts = 0;
  std::uint64_t barriers = 0;  ///< per warp
};

enum class Mistake {
  global_bounds,
  shared_bounds,
  array_bounds,
  wild_address,
  misaligned,
  uninitialised_shared,
  uninitialised_global,
  shared_race,
  block_race,
  thread_race,  ///< in global memory, within a block
  divergent_barrier,
  warp_call,
  launch_limits,
  stack_overflow,
  too_long,
  other
};
std::string_view to_string(Mistake mistake);

/// One mistake, once per pair of source lines.
struct Finding {
  Mistake mistake = Mistake::other;
  std::string sentence;   ///< what, where, which buffer, and what to do
  Line line, other_line;  ///< other_line: the second access of a race
  std::array<unsigned, 3> block{}, thread{};
  std::string buffer;       ///< name, "shared memory", or empty
  std::uint64_t count = 1;  ///< how often it was seen
};

struct LaunchProfile {
  std::string kernel;  ///< "flash_fwd<32, 32>"
  Line where;          ///< the line of the launch
  std::array<unsigned, 3> grid{}, block{};
  std::uint64_t dynamic_shared_bytes = 0;
  Counters total;
  std::vector<LineProfile> lines;  ///< by file and line
  std::vector<BufferProfile> buffers;
  std::vector<BlockProfile> blocks;  ///< by linear index, x fastest
  std::optional<FlopCounts> flops;   ///< empty when its operations were not counted
  std::vector<Finding> findings;
};

/// One number, named as Nsight Compute names it where it has it.
struct Counter {
  std::string name, unit;
  double value = 0;
};
std::vector<Counter> counters(const Counters& c);
/// FLOPs, and operations of the threads by kind.
std::vector<Counter> counters(const FlopCounts& flops);
/// The same for a whole launch, and what only a launch has: distinct bytes, loads per block, operations.
std::vector<Counter> counters(const LaunchProfile& launch);

/// Distinct bytes used in each request over bytes moved in sectors, 0 to 1; 0 without traffic.
double coalescing_efficiency(const Access& global);
/// Mean over memory and control instructions, 0 to 32; 0 without any.
double active_lanes_per_instruction(const Counters& c);

}  // namespace alab::counted
