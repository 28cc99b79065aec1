// Turns what the lanes of a warp logged, each on its own, into the warp's instructions, and counts them.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "kernels/executor/block_runner.hpp"
#include "kernels/executor/counted/global_shadow.hpp"
#include "kernels/executor/counted/instruction_table.hpp"
#include "kernels/executor/counted/log.hpp"
#include "kernels/executor/counted/raw_findings.hpp"
#include "kernels/executor/counted/shared_shadow.hpp"
#include "kernels/executor/counted/stack_guard.hpp"
#include "kernels/executor/counted/tracer.hpp"

namespace alab::counted {

/// What all OS threads of one launch share.
struct LaunchContext {
  const executor::Launch* launch = nullptr;
  std::uintptr_t global_base = 0;
  std::size_t global_bytes = 0;  ///< of the whole region, gaps included
  std::span<Buffer> buffers;     ///< by ascending offset
  Stamps stamps;
  std::uint64_t thread_budget = 0;  ///< accesses of one thread, more than which is taken for an endless loop
  std::span<BlockProfile> blocks;   ///< empty when there are too many to keep
  const TraceShare* trace = nullptr;  ///< nullptr: no request is kept
};

/// One per OS thread, kept for its tables. Lanes that diverge are merged again where they meet: the smallest
/// code address goes first.
class Recorder final : public executor::LaneWatch {
 public:
  Recorder();
  /// Called on the OS thread that will run blocks.
  void begin(const LaunchContext& context);
  void end();
  static Recorder& of_this_thread();

  void start_block(std::uint64_t block) override;
  void enter(unsigned warp, unsigned lane) override;
  bool meet(executor::Meeting meeting, const void* code) override;
  std::uint32_t drain(unsigned warp, std::uint32_t held) override;
  void barrier_released() override {
    shared_.barrier();
    ++epoch_;
  }
  void end_block() override;

  // From the callbacks, on the stack of the running lane.
  void full();
  void elsewhere(std::uintptr_t address, Kind kind, const void* code);
  /// Adds the finding with the running thread as its actor, and ends the launch.
  [[noreturn]] void stop(RawFinding finding);

  const InstructionTable& instructions() const { return instructions_; }
  const RawFindings& findings() const { return findings_; }
  const GlobalShadow& global() const { return global_; }
  const Tracer& tracer() const { return tracer_; }

 private:
  void park();
  void merge(std::uint32_t held);
  void merge_lockstep();
  void merge_diverged(std::uint32_t held);
  std::uint32_t waiting(const Row& row) const;
  void keep_rest();
  std::uint32_t present() const;
  bool lockstep() const;
  void step(Instruction& in, const std::uint64_t* row, std::uint32_t mask, std::uint64_t first);
  void request(Instruction& in, std::uint64_t first);
  void control(Instruction& in, std::uint32_t mask, std::uint64_t first);
  void memory(Instruction& in, const std::uint64_t* row, std::uint32_t mask, std::uint64_t first);
  void split(Instruction& in, const std::uint64_t* row, std::uint32_t mask);
  void global_request(Instruction& in, std::uint64_t first);
  void shared_request(Instruction& in, std::uint64_t first);
  void find_buffer(Instruction& in, std::uint64_t offset) const;
  // recorder_report.cpp
  void report_outside(const Instruction& in, std::uint64_t first);
  void report_outside_shared(const Instruction& in, std::uint64_t first);
  void report_misaligned(const Instruction& in, std::uint64_t first);
  RawFinding finding_at(const Instruction& in, Mistake mistake, std::uint64_t first, unsigned word) const;
  RawFinding finding_of_lane(const Instruction& in, Mistake mistake, std::uint64_t first,
                             unsigned lane) const;
  unsigned other_lane(const Instruction& in, unsigned word) const;
  std::uint64_t place_of_lane(const Instruction& in, std::uint64_t first, unsigned lane) const;

  LaunchContext context_;
  InstructionTable instructions_;
  RawFindings findings_;
  SharedShadow shared_;
  GlobalShadow global_;
  Tracer tracer_;
  std::unique_ptr<std::array<std::uint64_t, kRows * kLanes>> log_;
  std::array<std::uint64_t*, kLanes> cursor_{};  // where each lane of the running warp writes next
  std::array<std::uint32_t, kLanes> head_{}, count_{};
  std::optional<StackGuard> guard_;
  unsigned warp_ = 0;
  int running_ = -1;
  bool traced_ = false;  ///< the running block is
  std::uint32_t epoch_ = 0;
  std::uint64_t block_ = 0;
  BlockProfile profile_;
  std::vector<std::uint32_t> filled_;  // per thread of the block: how often its log was full
};

/// For the callbacks; see Recorder.
void log_is_full();
void note_elsewhere(std::uintptr_t address, Kind kind, const void* code);
[[noreturn]] void array_index_outside(const char* file, int line, const char* type, std::int64_t index);

/// The calling OS thread's block of thread-local variables, where static __shared__ arrays live.
std::span<std::byte> static_shared_memory();

}  // namespace alab::counted
