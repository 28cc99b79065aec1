// Turns what the lanes of a warp logged, each on its own, into the warp's instructions, and counts them.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "kernels/executor/block_runner.hpp"
#include "kernels/executor/counted/block_shadow.hpp"
#include "kernels/executor/counted/global_shadow.hpp"
#include "kernels/executor/counted/instruction_table.hpp"
#include "kernels/executor/counted/log.hpp"
#include "kernels/executor/counted/raw_findings.hpp"
#include "kernels/executor/counted/stack_guard.hpp"
#include "kernels/executor/counted/tracer.hpp"

namespace alab::counted {

/// What all OS threads of one launch share.
struct LaunchContext {
  const executor::Launch* launch = nullptr;
  const void* call = nullptr;  ///< the kernel's arguments, launch->call_bytes of them
  std::uintptr_t global_base = 0;
  std::size_t global_bytes = 0;  ///< of the whole region, gaps included
  std::span<Buffer> buffers;     ///< by ascending offset
  Stamps stamps;
  StripeLocks* locks = nullptr;     ///< nullptr for one OS thread
  std::uint64_t thread_budget = 0;  ///< accesses of one thread, more than which is taken for an endless loop
  std::span<BlockProfile> blocks;   ///< empty when there are too many to keep
  const TraceShare* trace = nullptr;  ///< nullptr: no request is kept
  const executor::RemovedBarrier* removed = nullptr;
};

/// used_bytes of the requests that went to a buffer.
struct BufferTraffic {
  std::uint64_t load_bytes = 0, store_bytes = 0, atomic_bytes = 0;

  void add(Kind kind, std::uint64_t bytes) {
    (is_read(kind) ? load_bytes : is_write(kind) ? store_bytes : atomic_bytes) += bytes;
  }
};

/// Words of dynamic shared memory, its guards included; those of static shared memory follow in the shadow.
constexpr std::size_t kDynamicWords = (executor::kMaxDynamicShared + 2 * executor::kSharedGuard) / 4;

/// One per OS thread, kept for its tables. Lanes that diverge are merged again where they meet: the smallest
/// code address goes first.
class Recorder final : public executor::LaneWatch {
 public:
  Recorder();
  /// Called on the OS thread that will run blocks.
  void begin(const LaunchContext& context);
  void end();
  static Recorder& of_this_thread();
  /// The running lane shows a value.
  void watch(const char* name, int row, int col, float value) {
    if (traced_) {
      tracer_.take_value({0, 0, epoch_, name, row, col, value, warp_ * 32 + static_cast<unsigned>(running_)});
    }
  }

  void start_block(std::uint64_t block) override;
  void enter(unsigned warp, unsigned lane) override;
  bool meet(executor::Meeting meeting, const void* code) override;
  std::uint32_t drain(unsigned warp, std::uint32_t held) override;
  void barrier_released() override {
    shared_.barrier();
    own_.barrier();
    ++epoch_;
  }
  void end_block() override;

  // From the callbacks, on the stack of the running lane.
  void full();
  void elsewhere(std::uintptr_t address, Kind kind, const void* code);
  /// Adds the finding with the running thread as its actor, and ends the launch.
  [[noreturn]] void stop(RawFinding finding);
  bool in_log(const std::uint64_t* cell) const {
    return cell >= log_.get() && cell < log_.get() + std::size_t{kAllRows} * kLanes;
  }
  /// Of the running lane, whose next cell is given or, when it is none of the log, Log::next; 0: none logged.
  std::uint32_t code_of_last_run(const std::uint64_t* next);
  /// The code address as findings have it.
  std::uint32_t short_code(std::uintptr_t code) const;

  InstructionTable& instructions() { return instructions_; }
  const RawFindings& findings() const { return findings_; }
  const GlobalShadow& global() const { return global_; }
  const Tracer& tracer() const { return tracer_; }
  /// By buffer; call it once all instructions have settled.
  std::vector<BufferTraffic> traffic() const;

 private:
  /// Lanes of a warp that execute the same run now.
  struct Group {
    std::uint32_t lanes = 0;
    unsigned first = 0;
    std::uint64_t head = 0;
    std::uintptr_t others = 0;  ///< code of what any other lane that may run executes next; they meet there
    bool aligned = false;       ///< all are at the same row
  };

  void park();
  void use_own_shadow();
  // recorder_merge.cpp
  void merge(std::uint32_t held);
  std::uint32_t waiting(std::uint32_t present) const;
  Group next_group(std::uint32_t held) const;
  void run_group(const Group& group);
  template <class Rows>
  void run_rows(const Group& group, Rows rows);
  void keep_rest();

  void control(Instruction& in, std::uint32_t mask, std::uint64_t how);
  void access(Instruction& in, const std::uint64_t* row, std::uint32_t mask, std::uint64_t first);
  void request(Instruction& in, std::uint64_t first);
  void global_request(Instruction& in, std::uint64_t first);
  void shared_request(Instruction& in, std::uint64_t first);
  void block_request(BlockShadow& shadow, std::size_t base, Instruction& in, std::uint64_t first);
  // recorder_place.cpp
  void new_shape(Instruction& in, const std::uint64_t* row, std::uint32_t mask, std::uint64_t first);
  void split(Instruction& in, const std::uint64_t* row, std::uint32_t mask);
  void place(Instruction& in, Region region, const std::uint64_t* row, std::uint32_t mask,
             std::uint64_t first);
  void forget_patterns();
  bool locate(Instruction& in, std::uint64_t first);
  void go_to_buffer(Instruction& in, int buffer);
  Region region_of(std::uint64_t address) const;
  void elsewhere_request(const Instruction& in, const std::uint64_t* row, std::uint32_t mask);
  bool is_harmless(std::uintptr_t address, unsigned thread) const;
  // recorder_report.cpp
  std::uint64_t address_of_lane(const Instruction& in, std::uint64_t first, unsigned lane) const;
  RawFinding finding_at(const Instruction& in, Mistake mistake, std::uint64_t first, unsigned word) const;
  RawFinding finding_of_lane(const Instruction& in, Mistake mistake, std::uint64_t first,
                             unsigned lane) const;
  unsigned other_lane(const Instruction& in, unsigned word) const;
  void report_misaligned(const Instruction& in, std::uint64_t first);
  void report_outside(const Instruction& in, std::uint64_t first);
  void report_outside_shared(const Instruction& in, std::uint64_t first);
  void report_block_race(const Instruction& in, std::uint64_t first, unsigned word, Mistake mistake,
                         std::uint64_t cell);
  void report_race_in_block(const Instruction& in, std::uint64_t first, unsigned word, Mistake mistake,
                            std::uint64_t cell);

  struct LogMemory {
    void operator()(std::uint64_t* p) const;
  };

  LaunchContext context_;
  std::uintptr_t code_base_ = 0;
  InstructionTable instructions_;
  PatternStore patterns_;
  RawFindings findings_;
  GlobalShadow global_;
  BlockShadow shared_, own_;           ///< own_: of the buffers that the host has not filled
  std::vector<std::size_t> own_base_;  ///< of each buffer: its first word in own_
  Tracer tracer_;
  std::unique_ptr<std::uint64_t, LogMemory> log_;
  std::array<std::uint64_t*, kLanes> cursor_{};      // where each lane of the running warp writes next
  std::array<const std::uint64_t*, kLanes> head_{};  // where each lane is read next
  std::optional<StackGuard> guard_;
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> program_;  // the program's own image: from, to
  unsigned warp_ = 0;
  int running_ = -1;
  bool traced_ = false;  ///< the running block is
  std::uint32_t epoch_ = 0;
  std::uint64_t block_ = 0;
  BlockProfile profile_;
  std::uint64_t nothing_ = 0;           // what is tallied for accesses that no block profile counts
  std::vector<BufferTraffic> traffic_;  // of instructions that have gone to another buffer since
  std::vector<std::uint32_t> filled_;   // per thread of the block: how often its log was full
};

/// For the callbacks; see Recorder.
void log_is_full();
void note_elsewhere(std::uintptr_t address, Kind kind, const void* code);
[[noreturn]] void array_index_outside(const char* file, int line, const char* type, std::int64_t index);

/// What the program and its libraries were loaded to: from, to.
std::vector<std::pair<std::uintptr_t, std::uintptr_t>> program_image();

/// The calling OS thread's block of thread-local variables, where static __shared__ arrays live.
std::span<std::byte> static_shared_memory();

}  // namespace alab::counted
