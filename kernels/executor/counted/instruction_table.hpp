// Counters of each instruction that a launch executed, found by its code address.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "kernels/executor/counted/pattern.hpp"

namespace alab::counted {

struct Instruction {
  std::uint32_t key = 0;  ///< code and kind
  std::uint32_t number = 0;
  int buffer = -1;                         ///< where it went last
  Instruction* next = nullptr;             ///< what followed it last
  std::array<Access, 2> total;             ///< global; shared
  std::array<std::uint64_t, 3> control{};  ///< by Meeting
  std::uint64_t control_lanes = 0;
  Pattern pattern;

  Kind kind() const { return static_cast<Kind>(key & 0xFu); }
  std::uint32_t code() const { return key >> kKindBits; }
};

class InstructionTable {
 public:
  InstructionTable() { clear(); }
  void clear() {
    slots_.assign(1024, nullptr);
    all_.clear();
    start_ = {};
    last_ = &start_;
  }
  Instruction& at(std::uint64_t entry) {
    const auto key = static_cast<std::uint32_t>(entry >> kPlaceBits);
    Instruction* next = last_->next;
    if (next == nullptr || next->key != key) [[unlikely]] {
      last_->next = next = &look_up(key);
    }
    last_ = next;
    return *next;
  }
  const Instruction& numbered(std::size_t number) const { return all_[number]; }
  std::size_t size() const { return all_.size(); }
  auto begin() const { return all_.begin(); }
  auto end() const { return all_.end(); }

 private:
  Instruction& look_up(std::uint32_t key);
  Instruction*& slot_of(std::uint32_t key);

  std::vector<Instruction*> slots_;
  std::deque<Instruction> all_;
  Instruction start_;
  Instruction* last_ = nullptr;
};

}  // namespace alab::counted
