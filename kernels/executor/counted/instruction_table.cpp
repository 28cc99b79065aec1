// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/instruction_table.hpp"

#include "kernels/executor/counted/sites.hpp"
#include "reference/core/error.hpp"

namespace alab::counted {

void Instruction::settle() {
  Access& sum = total[region == Region::global ? 0 : 1];
  for (unsigned i = 0; i < hits.size(); ++i) {
    if (hits[i] > 0) {
      const Access& each = pattern->cost();
      sum.requests += hits[i];
      sum.lanes += hits[i] * each.lanes;
      sum.bytes += hits[i] * each.bytes;
      sum.used_bytes += hits[i] * each.used_bytes;
      sum.passes += hits[i] * pattern->passes(i);
      sum.conflicts += hits[i] * each.conflicts;
      hits[i] = 0;
    }
  }
}

void InstructionTable::clear(std::uintptr_t code_base) {
  code_base_ = code_base;
  slots_.assign(1024, nullptr);
  runs_.clear();
  all_.clear();
  start_ = {};
  last_ = &start_;
}

Run*& InstructionTable::slot_of(std::uint64_t head) {
  const std::size_t last = slots_.size() - 1;
  std::size_t at = (head * 0x9E3779B97F4A7C15u >> 32) & last;
  while (slots_[at] != nullptr && slots_[at]->head != head) {
    at = (at + 1) & last;
  }
  return slots_[at];
}

Run& InstructionTable::look_up(std::uint64_t head) {
  Run*& slot = slot_of(head);
  if (slot != nullptr) {
    return *slot;
  }
  Run& fresh = runs_.emplace_back();
  slot = &fresh;
  fresh.head = head;
  fill(fresh);
  if (2 * runs_.size() > slots_.size()) {
    slots_.assign(2 * slots_.size(), nullptr);
    for (Run& run : runs_) {
      slot_of(run.head) = &run;
    }
  }
  return fresh;
}

void InstructionTable::fill(Run& run) {
  run.code = code_of_head(run.head);
  std::vector<NotedAccess> accesses;
  if (is_call_head(run.head)) {
    accesses = {{run.code, kind_of_call(run.head)}};
    run.control = accesses[0].kind == Kind::control;
  } else {
    accesses = noted_run(run.code);
  }
  require(!accesses.empty() && accesses.size() <= kLongestRun,
          "a simulated thread's log is damaged: the kernel has written over the executor's memory");
  for (const NotedAccess& access : accesses) {
    Instruction& in = all_.emplace_back();
    in.code = static_cast<std::uint32_t>(access.code - code_base_) & 0xFFFFFFu;
    in.kind = access.kind;
    in.number = static_cast<std::uint32_t>(all_.size() - 1);
    in.pattern = &no_pattern_;
    run.instruction[run.count++] = &in;
  }
}

}  // namespace alab::counted
