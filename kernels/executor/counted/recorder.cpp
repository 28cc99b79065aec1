// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/recorder.hpp"

#include <link.h>

#include <algorithm>
#include <bit>
#include <new>

#include "kernels/executor/counted/summary.hpp"

namespace alab::counted {
namespace {

using executor::BlockRunner;
using executor::Meeting;

constinit thread_local Recorder* t_recorder = nullptr;

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

void Recorder::LogMemory::operator()(std::uint64_t* p) const {
  ::operator delete (p, std::align_val_t{2 * kFullBit});
}

Recorder::Recorder()
    : shared_(kDynamicWords + static_shared_memory().size() / 4 + 1),
      own_(0, BlockShadow::Memory::global),
      log_(static_cast<std::uint64_t*>(
          ::operator new (std::size_t{kAllRows} * kRowBytes, std::align_val_t{2 * kFullBit}))) {}

Recorder& Recorder::of_this_thread() {
  return *t_recorder;
}

void Recorder::begin(const LaunchContext& context) {
  context_ = context;
  BlockRunner::of_this_thread().remove_barrier(context.removed);
  code_base_ = code_base(*context.launch);
  instructions_.clear(code_base_);
  patterns_.clear();
  findings_.clear();
  traffic_.assign(context.buffers.size(), {});
  global_.use(context.buffers, context.stamps, context.locks);
  use_own_shadow();
  tracer_.begin(context.trace);
  filled_.assign(context.launch->threads(), 0);
  program_ = program_image();
  const std::span<std::byte> statics = static_shared_memory();
  t_log.global_base = context.global_base;
  t_log.global_bytes = context.global_bytes;
  t_log.dynamic_base = reinterpret_cast<std::uintptr_t>(BlockRunner::of_this_thread().dynamic_shared()) -
                       executor::kSharedGuard;
  t_log.dynamic_bytes = executor::kMaxDynamicShared + 2 * executor::kSharedGuard;
  t_log.static_base = reinterpret_cast<std::uintptr_t>(statics.data());
  t_log.static_bytes = statics.size();
  t_recorder = this;
  running_ = -1;
  guard_.emplace();
}

// Buffers lie far apart in the region, and each OS thread has tables of its own.
void Recorder::use_own_shadow() {
  std::size_t words = 0;
  own_base_.clear();
  for (const Buffer& buffer : context_.buffers) {
    own_base_.push_back(words);
    words += buffer.given ? 0 : buffer.words();
  }
  if (own_.words() < words) {
    own_ = BlockShadow(words, BlockShadow::Memory::global);
  }
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
  own_.start_block();
  global_.start_block(block);
  for (unsigned l = 0; l < kLanes; ++l) {
    cursor_[l] = log_.get() + l;
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
  t_log.running = false;
}

void Recorder::enter(unsigned warp, unsigned lane) {
  park();
  warp_ = warp;
  running_ = static_cast<int>(lane);
  t_log.next = cursor_[lane];
  t_log.running = true;
}

// The head's cell is how the lanes meet, and which do.
bool Recorder::meet(Meeting meeting, const void* code) {
  t_log.next[0] = head_of_call(code, Kind::control);
  t_log.next[kLanes] =
      std::uint64_t{static_cast<std::uint8_t>(meeting)} << 32 | BlockRunner::of_this_thread().meeting_lanes();
  t_log.next += 2 * kLanes;
  return (reinterpret_cast<std::uintptr_t>(t_log.next) & kFullBit) != 0;
}

void Recorder::control(Instruction& in, std::uint32_t mask, std::uint64_t how) {
  const auto meeting = static_cast<Meeting>(how >> 32);
  ++in.control[static_cast<std::size_t>(meeting)];
  in.control_lanes += static_cast<std::uint64_t>(std::popcount(mask));
  if (meeting == Meeting::warp_sync) {
    shared_.warp_sync(warp_);
    own_.warp_sync(warp_);
  }
  profile_.barriers += meeting == Meeting::barrier ? 1 : 0;
}

void Recorder::full() {
  const unsigned thread = warp_ * 32 + static_cast<unsigned>(running_);
  BlockRunner& runner = BlockRunner::of_this_thread();
  if (++filled_[thread] * std::uint64_t{kRows} > context_.thread_budget) {
    RawFinding endless;
    endless.mistake = Mistake::too_long;
    endless.actor.code = code_of_last_run(nullptr);
    stop(endless);
  }
  runner.hold();
}

std::uint32_t Recorder::code_of_last_run(const std::uint64_t* next) {
  const std::uint64_t* const end = in_log(next) ? next : t_log.next;
  const std::uint64_t* const begin = log_.get() + running_;
  if (end == begin && filled_[warp_ * 32 + static_cast<unsigned>(running_)] > 0) {
    return instructions_.at(*begin).instruction[0]->code;  // just drained: what it was full of
  }
  std::uint32_t code = 0;
  for (const std::uint64_t* at = begin; at < end;) {
    const Run& run = instructions_.at(*at);
    code = run.instruction[0]->code;
    at += std::size_t{kLanes} * (1 + run.count);
  }
  return code;
}

}  // namespace alab::counted

namespace alab::executor {

// As kernels/watch.cuh declares it. There is no recorder when another stream runs the counted build.
[[gnu::const]] int watch(const char* name, int row, int col, float value, int once) noexcept;
int watch(const char* name, int row, int col, float value, int) noexcept {
  if (counted::t_recorder != nullptr) {
    counted::t_recorder->watch(name, row, col, value);
  }
  return 0;
}

}  // namespace alab::executor

namespace alab::counted {

void log_is_full() {
  Recorder::of_this_thread().full();
}

}  // namespace alab::counted
