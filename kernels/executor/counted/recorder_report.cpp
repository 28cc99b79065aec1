// What a recorder notes down about a mistake, and the two ways to end a launch.
// SPDX-License-Identifier: MIT
#include <link.h>

#include <algorithm>
#include <bit>
#include <exception>

#include "kernels/executor/counted/recorder.hpp"

namespace alab::counted {
namespace {

using executor::BlockRunner;

// The main program's thread-local block, as its program header describes it.
struct ThreadLocalBlock {
  std::size_t bytes = 0, alignment = 1;
};

int note_first_module(dl_phdr_info* info, std::size_t, void* out) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    if (info->dlpi_phdr[i].p_type == PT_TLS) {
      *static_cast<ThreadLocalBlock*>(out) = {info->dlpi_phdr[i].p_memsz, info->dlpi_phdr[i].p_align};
    }
  }
  return 1;  // the program itself comes first
}

// Whether an address lies in the program's own image: constants and variables at namespace scope.
int holds(dl_phdr_info* info, std::size_t, void* wanted) {
  const std::uintptr_t address = *static_cast<std::uintptr_t*>(wanted);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    if (part.p_type == PT_LOAD && address - (info->dlpi_addr + part.p_vaddr) < part.p_memsz) {
      return 1;
    }
  }
  return 0;
}

}  // namespace

// ELF thread-local storage, variant II (x86-64): the program's block ends at the thread pointer.
// Variant I (aarch64): it begins 16 bytes behind it.
std::span<std::byte> static_shared_memory() {
  static const ThreadLocalBlock block = [] {
    ThreadLocalBlock b;
    dl_iterate_phdr(note_first_module, &b);
    return b;
  }();
  auto* const pointer = static_cast<std::byte*>(__builtin_thread_pointer());
  const std::size_t alignment = std::max<std::size_t>(block.alignment, 1);
#if defined(__x86_64__)
  const std::size_t bytes = (block.bytes + alignment - 1) / alignment * alignment;
  return {pointer - bytes, bytes};
#else
  return {pointer + std::max<std::size_t>(16, alignment), block.bytes};
#endif
}

std::uint64_t Recorder::place_of_lane(const Instruction& in, std::uint64_t first, unsigned lane) const {
  return (first + in.pattern.delta(lane)) & kPlaceMask;
}

RawFinding Recorder::finding_at(const Instruction& in, Mistake mistake, std::uint64_t first,
                                unsigned word) const {
  return finding_of_lane(in, mistake, first, in.pattern.lane()[word]);
}

RawFinding Recorder::finding_of_lane(const Instruction& in, Mistake mistake, std::uint64_t first,
                                     unsigned lane) const {
  RawFinding f;
  f.mistake = mistake;
  f.kind = in.kind();
  f.actor = {in.code(), block_, warp_ * 32 + lane};
  f.place = place_of_lane(in, first, lane);
  return f;
}

// Another lane that touches the word, or the same when none does.
unsigned Recorder::other_lane(const Instruction& in, unsigned word) const {
  const unsigned lane = in.pattern.lane()[word];
  for (unsigned l = 31; l > lane; --l) {
    const std::uint64_t apart = in.pattern.delta(l) - in.pattern.delta(lane);
    if ((in.pattern.mask() >> l & 1u) != 0 && apart + size_of(in.kind()) - 1 < 2 * size_of(in.kind()) - 1) {
      return l;
    }
  }
  return lane;
}

void Recorder::report_misaligned(const Instruction& in, std::uint64_t first) {
  for (unsigned l = 0; l < kLanes; ++l) {
    const std::uint64_t place = place_of_lane(in, first, l);
    if ((in.pattern.mask() >> l & 1u) != 0 && offset_of(place) % size_of(in.kind()) != 0) {
      findings_.add(finding_of_lane(in, Mistake::misaligned, first, l));
      return;
    }
  }
}

void Recorder::report_outside(const Instruction& in, std::uint64_t first) {
  for (unsigned l = 0; l < kLanes; ++l) {
    if ((in.pattern.mask() >> l & 1u) == 0) {
      continue;
    }
    const std::uint64_t offset = offset_of(place_of_lane(in, first, l));
    const bool inside = std::any_of(context_.buffers.begin(), context_.buffers.end(), [&](const Buffer& b) {
      return offset >= b.offset && offset + size_of(in.kind()) <= b.offset + b.bytes;
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
    const std::uint64_t place = place_of_lane(in, first, l);
    const std::uint64_t offset = offset_of(place) - executor::kSharedGuard;
    if ((in.pattern.mask() >> l & 1u) != 0 &&
        (offset > context_.launch->dynamic_bytes ||
         offset + size_of(in.kind()) > context_.launch->dynamic_bytes)) {
      findings_.add(finding_of_lane(in, Mistake::shared_bounds, first, l));
      return;
    }
  }
}

void Recorder::stop(RawFinding finding) {
  t_log.next = nullptr;
  BlockRunner& runner = BlockRunner::of_this_thread();
  finding.actor.block = block_;
  finding.actor.thread = runner.thread_index();
  findings_.add(finding);
  runner.stop(std::make_exception_ptr(Stopped{}));
}

void Recorder::elsewhere(std::uintptr_t address, Kind kind, const void* code) {
  const auto call = reinterpret_cast<std::uintptr_t>(context_.launch->call);
  if (address - call < context_.launch->call_bytes || dl_iterate_phdr(holds, &address) != 0) {
    return;
  }
  RawFinding f;
  f.mistake = Mistake::wild_address;
  f.kind = kind;
  f.actor.code =
      static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(code) - t_log.code_base) & 0xFFFFFFu;
  f.address = address;
  stop(f);
}

void note_elsewhere(std::uintptr_t address, Kind kind, const void* code) {
  if (t_log.next != nullptr) {
    Recorder::of_this_thread().elsewhere(address, kind, code);
  }
}

void array_index_outside(const char* file, int line, const char* type, std::int64_t index) {
  if (t_log.next == nullptr) {
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
