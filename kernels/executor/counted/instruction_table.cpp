// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/instruction_table.hpp"

namespace alab::counted {

Instruction*& InstructionTable::slot_of(std::uint32_t key) {
  const std::size_t last = slots_.size() - 1;
  std::size_t at = (key * 2654435761u >> 8) & last;
  while (slots_[at] != nullptr && slots_[at]->key != key) {
    at = (at + 1) & last;
  }
  return slots_[at];
}

Instruction& InstructionTable::look_up(std::uint32_t key) {
  Instruction*& slot = slot_of(key);
  if (slot != nullptr) {
    return *slot;
  }
  all_.emplace_back();
  Instruction& fresh = all_.back();
  fresh.key = key;
  fresh.number = static_cast<std::uint32_t>(all_.size() - 1);
  slot = &fresh;
  if (2 * all_.size() > slots_.size()) {
    slots_.assign(2 * slots_.size(), nullptr);
    for (Instruction& in : all_) {
      slot_of(in.key) = &in;
    }
  }
  return fresh;
}

}  // namespace alab::counted
