// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/recorder.hpp"

#include <algorithm>
#include <bit>

#include "kernels/executor/counted/summary.hpp"

namespace alab::counted {
namespace {

using executor::BlockRunner;
using executor::Meeting;

constexpr std::size_t kDynamicWords = (executor::kMaxDynamicShared + 2 * executor::kSharedGuard) / 4;

constinit thread_local Recorder* t_recorder = nullptr;

// The place of a control entry: the lanes that meet, and how.
constexpr std::uint64_t control_place(Meeting meeting, std::uint32_t lanes) {
  return std::uint64_t{static_cast<std::uint8_t>(meeting)} << 32 | lanes;
}
constexpr Meeting meeting_of(std::uint64_t entry) {
  return static_cast<Meeting>(entry >> 32 & 3u);
}

}  // namespace

Recorder::Recorder()
    : shared_(kDynamicWords + static_shared_memory().size() / 4 + 1),
      log_(std::make_unique<std::array<std::uint64_t, kRows * kLanes>>()) {}

Recorder& Recorder::of_this_thread() {
  return *t_recorder;
}

void Recorder::begin(const LaunchContext& context) {
  context_ = context;
  instructions_.clear();
  findings_.clear();
  global_.use(context.buffers, context.stamps);
  tracer_.begin(context.trace);
  filled_.assign(context.launch->threads(), 0);
  const std::span<std::byte> statics = static_shared_memory();
  t_log.code_base = code_base(*context.launch);
  t_log.global_base = context.global_base;
  t_log.global_bytes = context.global_bytes;
  t_log.dynamic_base = reinterpret_cast<std::uintptr_t>(BlockRunner::of_this_thread().dynamic_shared()) -
                       executor::kSharedGuard;
  t_log.dynamic_bytes = executor::kMaxDynamicShared + 2 * executor::kSharedGuard;
  t_log.static_base = reinterpret_cast<std::uintptr_t>(statics.data());
  t_log.static_bytes = statics.size();
  t_log.end = log_->data() + kRows * kLanes;
  t_recorder = this;
  running_ = -1;
  guard_.emplace();
}

void Recorder::end() {
  guard_.reset();
  t_log = {};
  t_recorder = nullptr;
}

void Recorder::start_block(std::uint64_t block) {
  block_ = block;
  epoch_ = 0;
  traced_ = tracer_.start_block(block);
  profile_ = {};
  std::fill(filled_.begin(), filled_.end(), 0);
  shared_.start_block();
  global_.start_block(block);
  for (unsigned l = 0; l < kLanes; ++l) {
    cursor_[l] = log_->data() + l;
  }
}

void Recorder::end_block() {
  profile_.distinct_load_bytes = 4 * global_.distinct_words();
  if (!context_.blocks.empty()) {
    context_.blocks[block_] = profile_;
  }
}

void Recorder::park() {
  if (running_ >= 0) {
    cursor_[static_cast<std::size_t>(running_)] = t_log.next;
    running_ = -1;
  }
  t_log.next = nullptr;
}

void Recorder::enter(unsigned warp, unsigned lane) {
  park();
  warp_ = warp;
  running_ = static_cast<int>(lane);
  t_log.next = cursor_[lane];
}

bool Recorder::meet(Meeting meeting, const void* code) {
  const std::uint64_t relative = reinterpret_cast<std::uintptr_t>(code) - t_log.code_base;
  *t_log.next = relative << (kPlaceBits + kKindBits) |
                std::uint64_t{static_cast<std::uint8_t>(Kind::control)} << kPlaceBits |
                control_place(meeting, BlockRunner::of_this_thread().meeting_lanes());
  t_log.next += kLanes;
  return t_log.next >= t_log.end;
}

void Recorder::step(Instruction& in, const std::uint64_t* row, std::uint32_t mask, std::uint64_t first) {
  if (in.kind() == Kind::control) {
    control(in, mask, first);
  } else {
    memory(in, row, mask, first);
  }
}

void Recorder::control(Instruction& in, std::uint32_t mask, std::uint64_t first) {
  const auto meeting = meeting_of(first);
  ++in.control[static_cast<std::size_t>(meeting)];
  in.control_lanes += static_cast<std::uint64_t>(std::popcount(mask));
  if (meeting == Meeting::warp_sync) {
    shared_.warp_sync(warp_);
  }
  profile_.barriers += meeting == Meeting::barrier ? 1 : 0;
}

void Recorder::memory(Instruction& in, const std::uint64_t* row, std::uint32_t mask, std::uint64_t first) {
  if (!in.pattern.fits(row, mask, first)) [[unlikely]] {
    std::uint64_t differ = 0;
    for (unsigned l = 0; l < kLanes; ++l) {
      differ |= row[l] ^ first;
    }
    if ((differ & kPlaceMask) >> kOffsetBits != 0) {
      split(in, row, mask);
      return;
    }
    Row copy;
    std::copy(row, row + kLanes, copy.begin());
    in.pattern.take(copy, mask, first);
  }
  request(in, first);
}

// One whose lanes are as the instruction's pattern says.
void Recorder::request(Instruction& in, std::uint64_t first) {
  ++profile_.requests;
  if (in.pattern.misaligned(offset_of(first))) [[unlikely]] {
    report_misaligned(in, first);
  }
  if (region_of(first) == Region::global) {
    global_request(in, first);
  } else {
    shared_request(in, first);
  }
  if (traced_) [[unlikely]] {
    tracer_.take(in, first, warp_, epoch_);
  }
}

// Lanes of one instruction that go to different memories: one request for each.
void Recorder::split(Instruction& in, const std::uint64_t* row, std::uint32_t mask) {
  for (const Region region : {Region::global, Region::dynamic_shared, Region::static_shared}) {
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
      memory(in, own.data(), part, first);
    }
  }
}

void Recorder::find_buffer(Instruction& in, std::uint64_t offset) const {
  const auto after = std::upper_bound(context_.buffers.begin(), context_.buffers.end(), offset,
                                      [](std::uint64_t at, const Buffer& b) { return at < b.offset; });
  in.buffer = static_cast<int>(after - context_.buffers.begin()) - 1;
}

void Recorder::global_request(Instruction& in, std::uint64_t first) {
  const std::uint64_t offset = offset_of(first);
  const Access& cost = in.pattern.cost(offset);
  in.total[0] += cost;
  profile_.load_bytes += is_read(in.kind()) ? cost.used_bytes : 0;
  profile_.store_bytes += is_write(in.kind()) ? cost.used_bytes : 0;
  const auto inside = [&] {
    if (in.buffer < 0) {
      return false;
    }
    const Buffer& b = context_.buffers[static_cast<std::size_t>(in.buffer)];
    const auto low =
        static_cast<std::int64_t>(offset) + in.pattern.low() - static_cast<std::int64_t>(b.offset);
    return low >= 0 && static_cast<std::uint64_t>(low - in.pattern.low() + in.pattern.high()) <= b.bytes;
  };
  if (!inside()) [[unlikely]] {
    find_buffer(in, offset);
    if (!inside()) {
      report_outside(in, first);
      return;
    }
  }
  const Buffer& buffer = context_.buffers[static_cast<std::size_t>(in.buffer)];
  global_.touch({&in.pattern, in.buffer, (offset - buffer.offset) / 4, in.kind(), in.code()},
                [&](unsigned i, Mistake mistake, std::uint64_t cell) {
                  RawFinding f = finding_at(in, mistake, first, i);
                  f.buffer = in.buffer;
                  f.other.code = global_cell::code(cell);
                  f.other.block = global_cell::stamp(cell) - context_.stamps.first;
                  f.other_thread_known = false;
                  findings_.add(f);
                });
}

void Recorder::shared_request(Instruction& in, std::uint64_t first) {
  const std::uint64_t offset = offset_of(first);
  const Access& cost = in.pattern.cost(offset);
  in.total[1] += cost;
  profile_.shared_wavefronts += cost.passes;
  const bool dynamic = region_of(first) == Region::dynamic_shared;
  if (dynamic) {
    const std::int64_t low = static_cast<std::int64_t>(offset) + in.pattern.low() - executor::kSharedGuard;
    const std::int64_t high = static_cast<std::int64_t>(offset) + in.pattern.high() - executor::kSharedGuard;
    if (low < 0 || static_cast<std::uint64_t>(high) > context_.launch->dynamic_bytes) [[unlikely]] {
      report_outside_shared(in, first);
      return;
    }
  }
  const SharedShadow::Request request{&in.pattern,
                                      offset / 4 + (dynamic ? 0 : kDynamicWords),
                                      first & kPlaceMask,
                                      in.kind(),
                                      warp_,
                                      static_cast<std::uint16_t>(std::min(in.number, 0xFFFFu))};
  const auto report = [&](unsigned i, Mistake mistake, std::uint64_t cell) {
    RawFinding f = finding_at(in, mistake, first, i);
    if (mistake == Mistake::shared_race) {
      const Instruction& other = instructions_.numbered(SharedShadow::instruction_of(cell));
      f.other = {other.code(), block_, SharedShadow::thread_of(cell)};
      f.other_kind = other.kind();
      if (f.other.thread == f.actor.thread) {  // of several lanes that touch the word, the cell names one
        (&other == &in ? f.other : f.actor).thread = warp_ * 32 + other_lane(in, i);
      }
      f.other_thread_known = f.other.thread != f.actor.thread;
    }
    findings_.add(f);
  };
  if (is_read(in.kind())) {
    shared_.read(request, report);
  } else {
    shared_.write(request, report);
  }
}

void Recorder::full() {
  const unsigned thread = warp_ * 32 + static_cast<unsigned>(running_);
  BlockRunner& runner = BlockRunner::of_this_thread();
  if (++filled_[thread] * std::uint64_t{kRows} > context_.thread_budget) {
    RawFinding endless;
    endless.mistake = Mistake::too_long;
    endless.actor.code = code_of(*(t_log.next - kLanes));
    stop(endless);
  }
  runner.hold();
}

void log_is_full() {
  Recorder::of_this_thread().full();
}

}  // namespace alab::counted
