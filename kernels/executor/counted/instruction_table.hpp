// Counters of each instruction that a launch executed, found by the head of its run in the log.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "kernels/executor/counted/pattern.hpp"

namespace alab::counted {

struct Instruction {
  std::uint32_t code = 0;  ///< relative to Recorder's code base
  std::uint32_t number = 0;
  Kind kind = Kind::read4;
  // Where it went last.
  Region region = Region::elsewhere;
  int buffer = -1;
  std::uint64_t base = 0, room = 0;     ///< its lowest address is inside when it is at most room above base
  std::uint64_t word_base = 0;          ///< address of word 0 of the shadow
  std::uint64_t* tally = nullptr;       ///< what of the block's profile grows
  std::uint64_t tally_by = 0;           ///< by this, for each request
  Pattern* pattern = nullptr;           ///< never null once it is in the table
  std::array<std::uint64_t, 8> hits{};  ///< requests of this pattern, by word in sector, not in total yet
  std::array<Access, 2> total;          ///< global; shared
  std::uint64_t credited = 0;           ///< used_bytes of total[0] that buffers before this one have got
  std::array<std::uint64_t, 3> control{};  ///< by Meeting
  std::uint64_t control_lanes = 0;

  /// Moves hits to total.
  void settle();
};

/// Instructions that always run one after the other.
struct Run {
  std::uint64_t head = 0;
  std::uintptr_t code = 0;  ///< of its head: runs of a warp go in this order
  bool control = false;
  unsigned count = 0;
  std::array<Instruction*, kLongestRun> instruction{};
  Run* next = nullptr;  ///< what followed it last
};

class InstructionTable {
 public:
  InstructionTable() { clear(0); }
  /// code_base: what the instructions' codes are relative to.
  void clear(std::uintptr_t code_base);
  Run& at(std::uint64_t head) {
    Run* next = last_->next;
    if (next == nullptr || next->head != head) [[unlikely]] {
      last_->next = next = &look_up(head);
    }
    last_ = next;
    return *next;
  }
  const Instruction& numbered(std::size_t number) const { return all_[number]; }
  /// For those that have not met their shape yet, or whose shape was forgotten.
  Pattern& no_pattern() { return no_pattern_; }
  auto begin() { return all_.begin(); }
  auto end() { return all_.end(); }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

 private:
  Run& look_up(std::uint64_t head);
  Run*& slot_of(std::uint64_t head);
  void fill(Run& run);

  std::uintptr_t code_base_ = 0;
  std::vector<Run*> slots_;
  std::deque<Run> runs_;
  std::deque<Instruction> all_;
  Pattern no_pattern_;
  Run start_;
  Run* last_ = nullptr;
};

}  // namespace alab::counted
