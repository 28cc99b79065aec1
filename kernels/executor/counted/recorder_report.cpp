// What a recorder notes down about a mistake, and the two ways to end a launch.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <bit>
#include <exception>

#include "kernels/executor/counted/recorder.hpp"

namespace alab::counted {
namespace {

using executor::BlockRunner;

}  // namespace

std::uint64_t Recorder::address_of_lane(const Instruction& in, std::uint64_t first, unsigned lane) const {
  return first + in.pattern->delta(lane);
}

RawFinding Recorder::finding_at(const Instruction& in, Mistake mistake, std::uint64_t first,
                                unsigned word) const {
  return finding_of_lane(in, mistake, first, in.pattern->lane()[word]);
}

RawFinding Recorder::finding_of_lane(const Instruction& in, Mistake mistake, std::uint64_t first,
                                     unsigned lane) const {
  RawFinding f;
  f.mistake = mistake;
  f.kind = in.kind;
  f.actor = {in.code, block_, warp_ * 32 + lane};
  f.region = in.region;
  f.offset = address_of_lane(in, first, lane) - t_log.base_of(in.region);
  return f;
}

// Another lane that touches the word, or the same when none does.
unsigned Recorder::other_lane(const Instruction& in, unsigned word) const {
  const unsigned lane = in.pattern->lane()[word];
  for (unsigned l = 31; l > lane; --l) {
    const std::uint64_t apart = in.pattern->delta(l) - in.pattern->delta(lane);
    if ((in.pattern->mask() >> l & 1u) != 0 && apart + size_of(in.kind) - 1 < 2 * size_of(in.kind) - 1) {
      return l;
    }
  }
  return lane;
}

void Recorder::report_misaligned(const Instruction& in, std::uint64_t first) {
  for (unsigned l = 0; l < kLanes; ++l) {
    if ((in.pattern->mask() >> l & 1u) != 0 && address_of_lane(in, first, l) % size_of(in.kind) != 0) {
      findings_.add(finding_of_lane(in, Mistake::misaligned, first, l));
      return;
    }
  }
}

void Recorder::report_outside(const Instruction& in, std::uint64_t first) {
  for (unsigned l = 0; l < kLanes; ++l) {
    if ((in.pattern->mask() >> l & 1u) == 0) {
      continue;
    }
    const std::uint64_t offset = address_of_lane(in, first, l) - t_log.global_base;
    const bool inside = std::any_of(context_.buffers.begin(), context_.buffers.end(), [&](const Buffer& b) {
      return offset >= b.offset && offset + size_of(in.kind) <= b.offset + b.bytes;
    });
    if (inside) {
      continue;
    }
    RawFinding f = finding_of_lane(in, Mistake::global_bounds, first, l);
    std::uint64_t nearest = ~std::uint64_t{0};
    for (std::size_t b = 0; b < context_.buffers.size(); ++b) {
      const Buffer& buffer = context_.buffers[b];
      const std::uint64_t apart = offset < buffer.offset
                                      ? buffer.offset - offset
                                      : offset - std::min(offset, buffer.offset + buffer.bytes);
      if (apart < nearest) {
        nearest = apart;
        f.buffer = static_cast<int>(b);
      }
    }
    findings_.add(f);
    return;
  }
}

void Recorder::report_outside_shared(const Instruction& in, std::uint64_t first) {
  for (unsigned l = 0; l < kLanes; ++l) {
    const std::uint64_t offset = address_of_lane(in, first, l) - t_log.dynamic_base - executor::kSharedGuard;
    if ((in.pattern->mask() >> l & 1u) != 0 && (offset > context_.launch->dynamic_bytes ||
                                                offset + size_of(in.kind) > context_.launch->dynamic_bytes)) {
      findings_.add(finding_of_lane(in, Mistake::shared_bounds, first, l));
      return;
    }
  }
}

void Recorder::report_block_race(const Instruction& in, std::uint64_t first, unsigned word, Mistake mistake,
                                 std::uint64_t cell) {
  RawFinding f = finding_at(in, mistake, first, word);
  f.buffer = in.buffer;
  f.other.code = global_cell::code(cell);
  f.other.block = global_cell::stamp(cell) - context_.stamps.first;
  f.other_thread_known = false;
  findings_.add(f);
}

void Recorder::report_race_in_block(const Instruction& in, std::uint64_t first, unsigned word,
                                    Mistake mistake, std::uint64_t cell) {
  RawFinding f = finding_at(in, mistake, first, word);
  f.buffer = in.region == Region::global ? in.buffer : -1;
  if (mistake != Mistake::uninitialised_shared) {
    const Instruction& other = instructions_.numbered(BlockShadow::instruction_of(cell));
    f.other = {other.code, block_, BlockShadow::thread_of(cell)};
    f.other_kind = other.kind;
    if (f.other.thread == f.actor.thread) {  // of several lanes that touch the word, the cell names one
      (&other == &in ? f.other : f.actor).thread = warp_ * 32 + other_lane(in, word);
    }
    f.other_thread_known = f.other.thread != f.actor.thread;
  }
  findings_.add(f);
}

void Recorder::stop(RawFinding finding) {
  t_log.running = false;
  BlockRunner& runner = BlockRunner::of_this_thread();
  finding.actor.block = block_;
  finding.actor.thread = runner.thread_index();
  findings_.add(finding);
  runner.stop(std::make_exception_ptr(Stopped{}));
}

std::uint32_t Recorder::short_code(std::uintptr_t code) const {
  return static_cast<std::uint32_t>(code - code_base_) & 0xFFFFFFu;
}

void Recorder::elsewhere(std::uintptr_t address, Kind kind, const void* code) {
  if (is_harmless(address, BlockRunner::of_this_thread().thread_index())) {
    return;
  }
  RawFinding f;
  f.mistake = Mistake::wild_address;
  f.kind = kind;
  f.actor.code = short_code(reinterpret_cast<std::uintptr_t>(code));
  f.address = address;
  stop(f);
}

void note_elsewhere(std::uintptr_t address, Kind kind, const void* code) {
  Recorder::of_this_thread().elsewhere(address, kind, code);
}

void array_index_outside(const char* file, int line, const char* type, std::int64_t index) {
  if (!t_log.running) {
    throw Error(text(file, ":", line, ": index ", index, " is outside an array of type ", type));
  }
  RawFinding f;
  f.mistake = Mistake::array_bounds;
  f.file = file;
  f.line = line;
  f.array_type = type;
  f.index = index;
  Recorder::of_this_thread().stop(f);
}

}  // namespace alab::counted
