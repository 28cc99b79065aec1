// What a request goes to when it is not where its instruction went before, or has another shape.
// SPDX-License-Identifier: MIT
#include <link.h>

#include <algorithm>
#include <bit>

#include "kernels/executor/counted/recorder.hpp"

namespace alab::counted {
namespace {

using executor::BlockRunner;

int add_image(dl_phdr_info* info, std::size_t, void* out) {
  auto& image = *static_cast<std::vector<std::pair<std::uintptr_t, std::uintptr_t>>*>(out);
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& part = info->dlpi_phdr[i];
    if (part.p_type == PT_LOAD) {
      image.emplace_back(info->dlpi_addr + part.p_vaddr, info->dlpi_addr + part.p_vaddr + part.p_memsz);
    }
  }
  return 0;
}

}  // namespace

std::vector<std::pair<std::uintptr_t, std::uintptr_t>> program_image() {
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> image;
  dl_iterate_phdr(add_image, &image);
  return image;
}

Region Recorder::region_of(std::uint64_t address) const {
  return address - t_log.global_base < t_log.global_bytes     ? Region::global
         : address - t_log.dynamic_base < t_log.dynamic_bytes ? Region::dynamic_shared
         : address - t_log.static_base < t_log.static_bytes   ? Region::static_shared
                                                              : Region::elsewhere;
}

void Recorder::new_shape(Instruction& in, const std::uint64_t* row, std::uint32_t mask, std::uint64_t first) {
  const Region region = region_of(first);
  const bool one_region =
      std::all_of(row, row + kLanes, [&](std::uint64_t address) { return region_of(address) == region; });
  if (!one_region) {
    split(in, row, mask);
  } else if (region == Region::elsewhere) {
    elsewhere_request(in, row, mask);
  } else {
    place(in, region, row, mask, first);
    request(in, first);
  }
}

// Lanes of one instruction that go to different memories: one request for each.
void Recorder::split(Instruction& in, const std::uint64_t* row, std::uint32_t mask) {
  for (const Region region :
       {Region::global, Region::dynamic_shared, Region::static_shared, Region::elsewhere}) {
    std::uint32_t part = 0;
    for (unsigned l = 0; l < kLanes; ++l) {
      part |= std::uint32_t{region_of(row[l]) == region} << l;
    }
    part &= mask;
    if (part != 0) {
      const std::uint64_t first = row[std::countr_zero(part)];
      Row own;
      for (unsigned l = 0; l < kLanes; ++l) {
        own[l] = (part >> l & 1u) != 0 ? row[l] : first;
      }
      new_shape(in, own.data(), part, first);
    }
  }
}

void Recorder::place(Instruction& in, Region region, const std::uint64_t* row, std::uint32_t mask,
                     std::uint64_t first) {
  in.settle();
  if (patterns_.full()) {
    forget_patterns();
  }
  in.region = region;
  in.pattern = &patterns_.find(row, mask, first, {in.kind, region != Region::global});
  in.base = in.room = 0;  // located by the request
  if (region != Region::global) {
    in.tally = &profile_.shared_wavefronts;
    in.tally_by = in.pattern->passes(0);
  } else {
    in.tally = is_read(in.kind)    ? &profile_.load_bytes
               : is_write(in.kind) ? &profile_.store_bytes
                                   : &nothing_;
    in.tally_by = in.pattern->cost().used_bytes;
  }
}

void Recorder::forget_patterns() {
  for (Instruction& in : instructions_) {
    in.settle();
    in.pattern = &instructions_.no_pattern();
  }
  patterns_.clear();
}

// Finds the buffer, or the shared memory, that the request of a known region lies in. False: not inside.
bool Recorder::locate(Instruction& in, std::uint64_t first) {
  std::uint64_t size = 0;
  if (in.region == Region::global) {
    const std::uint64_t offset = first - t_log.global_base;
    const auto after = std::upper_bound(context_.buffers.begin(), context_.buffers.end(), offset,
                                        [](std::uint64_t at, const Buffer& b) { return at < b.offset; });
    go_to_buffer(in, static_cast<int>(after - context_.buffers.begin()) - 1);
    if (in.buffer >= 0) {
      const Buffer& buffer = context_.buffers[static_cast<std::size_t>(in.buffer)];
      in.base = in.word_base = t_log.global_base + buffer.offset;
      size = buffer.bytes;
    }
  } else if (in.region == Region::dynamic_shared) {
    in.word_base = t_log.dynamic_base;
    in.base = t_log.dynamic_base + executor::kSharedGuard;
    size = context_.launch->dynamic_bytes;
  } else {
    in.base = t_log.static_base;
    in.word_base = t_log.static_base - 4 * kDynamicWords;
    size = t_log.static_bytes;
  }
  const auto extent = static_cast<std::uint64_t>(in.pattern->high() - in.pattern->low());
  const std::uint64_t lowest = first + static_cast<std::uint64_t>(in.pattern->low());
  const bool fits = size >= extent && lowest - in.base <= size - extent;
  in.room = fits ? size - extent : 0;
  if (!fits) {
    in.base = 0;
    if (in.region == Region::global) {
      report_outside(in, first);
    } else {
      report_outside_shared(in, first);
    }
  }
  return fits;
}

// The request at hand is among the hits already, and belongs to the new buffer.
void Recorder::go_to_buffer(Instruction& in, int buffer) {
  if (buffer == in.buffer) {
    return;
  }
  in.settle();
  const std::uint64_t before = in.total[0].used_bytes - in.pattern->cost().used_bytes;
  if (in.buffer >= 0) {
    traffic_[static_cast<std::size_t>(in.buffer)].add(in.kind, before - in.credited);
  }
  in.credited = before;
  in.buffer = buffer;
}

std::vector<BufferTraffic> Recorder::traffic() const {
  std::vector<BufferTraffic> all = traffic_;
  for (const Instruction& in : instructions_) {
    if (in.buffer >= 0) {
      all[static_cast<std::size_t>(in.buffer)].add(in.kind, in.total[0].used_bytes - in.credited);
    }
  }
  return all;
}

// Local arrays, parameters and constants; anything else is no memory of the kernel.
void Recorder::elsewhere_request(const Instruction& in, const std::uint64_t* row, std::uint32_t mask) {
  for (std::uint32_t rest = mask; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(rest));
    if (!is_harmless(row[lane], warp_ * 32 + lane)) [[unlikely]] {
      RawFinding f;
      f.mistake = Mistake::wild_address;
      f.kind = in.kind;
      f.actor = {in.code, block_, warp_ * 32 + lane};
      f.address = row[lane];
      findings_.add(f);
      throw Stopped{};
    }
  }
}

bool Recorder::is_harmless(std::uintptr_t address, unsigned thread) const {
  const executor::Fiber* const own = BlockRunner::of_this_thread().fiber_of(thread);
  return (own != nullptr && own->holds(address)) ||
         address - reinterpret_cast<std::uintptr_t>(context_.call) < context_.launch->call_bytes ||
         std::any_of(program_.begin(), program_.end(),
                     [&](const auto& part) { return address >= part.first && address < part.second; });
}

}  // namespace alab::counted
