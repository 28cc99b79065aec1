// Keeps requests while a launch runs: one Tracer per OS thread, then all of them into a RequestTrace.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "kernels/executor/counted/global_shadow.hpp"
#include "kernels/executor/counted/instruction_table.hpp"
#include "kernels/executor/counted/trace.hpp"

namespace alab::counted {

/// What a TraceWish means for one launch.
struct TraceShare {
  std::vector<std::uint64_t> blocks;  ///< ascending, each a block of the launch
  std::size_t most_of_block = 0, most_per_instruction = 0, most_values_of_block = 0;
  bool only_global = false;
};
/// launch: how many came before it.
TraceShare share_of(const TraceWish& wish, std::size_t launch, std::uint64_t blocks);

/// offsets are those of the region; buffer is set, line is not.
struct RawRequest {
  std::uint32_t code = 0;
  TracedRequest request;
};

class Tracer {
 public:
  void begin(const TraceShare* share);
  /// Whether the block's requests are wanted.
  bool start_block(std::uint64_t block);
  /// in.pattern has the request's shape; first: the entry of its first active lane.
  void take(const Instruction& in, std::uint64_t first, unsigned warp, std::uint32_t epoch);

  /// The block is set here, the launch by add_launch().
  void take_value(WatchedValue value);

  std::span<const RawRequest> requests() const { return requests_; }
  std::span<const WatchedValue> values() const { return values_; }
  std::uint64_t cut() const { return cut_; }
  std::uint64_t values_cut() const { return values_cut_; }

 private:
  const TraceShare* share_ = nullptr;
  std::vector<RawRequest> requests_;
  std::vector<WatchedValue> values_;
  std::unordered_map<std::uint32_t, std::size_t> taken_;  ///< of the running block, by instruction
  std::size_t room_ = 0, room_for_values_ = 0;            ///< of the running block
  std::uint64_t block_ = 0, cut_ = 0, values_cut_ = 0;
};

/// Adds what the OS threads of one launch kept. code_base as in Log.
void add_launch(RequestTrace& trace, std::uint32_t launch, std::span<const Tracer* const> tracers,
                std::span<const Buffer> buffers, std::uintptr_t code_base);

}  // namespace alab::counted
