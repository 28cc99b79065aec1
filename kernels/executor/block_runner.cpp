// The scheduler of a block: warp by warp, lane by lane, each until it waits or leaves.
// SPDX-License-Identifier: MIT
#include "kernels/executor/block_runner.hpp"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

#include "reference/core/error.hpp"

namespace alab::executor {

constinit thread_local View t_view;

namespace {

constinit thread_local BlockRunner* t_running = nullptr;

BlockRunner& running() {
  if (t_running == nullptr) [[unlikely]] {
    throw Error("a CUDA device function was called outside a kernel: start it with alab::launch");
  }
  return *t_running;
}

}  // namespace

void BlockRunner::Aligned::operator()(std::byte* p) const {
  ::operator delete (p, std::align_val_t{1024});
}

BlockRunner::BlockRunner()
    : dynamic_shared_(static_cast<std::byte*>(
          ::operator new (kMaxDynamicShared + 2 * kSharedGuard, std::align_val_t{1024}))) {}

BlockRunner& BlockRunner::of_this_thread() {
  thread_local BlockRunner runner;
  return runner;
}

void BlockRunner::run_block(std::uint64_t block) {
  start_block(block);
  if (watch_ != nullptr) {
    watch_->start_block(block);
  }
  running_ = true;
  t_running = this;
  try {
    run_phases();
    check_shared_guard();
    if (watch_ != nullptr) {
      watch_->end_block();
    }
  } catch (...) {
    abandon();
    throw;
  }
  running_ = false;
  t_running = nullptr;
}

void BlockRunner::run_phases() {
  do {
    for (const std::uint16_t w : warp_order_) {
      run_warp(warps_[w]);
    }
  } while (release_barrier());
}

void BlockRunner::run_warp(Warp& warp) {
  current_warp_ = &warp;
  do {
    if (choose_next()) {
      Fiber::switch_to(main_, current_->fiber != nullptr ? *current_->fiber : idle_fiber());
    }
    if (failure_) [[unlikely]] {
      std::rethrow_exception(std::exchange(failure_, nullptr));
    }
  } while ((watch_ != nullptr && release_held(warp)) || (warp.asking != 0 && release_asking(warp)));
}

// The next lane of the current warp that can run, and its view of itself.
inline bool BlockRunner::choose_next() {
  Warp& warp = *current_warp_;
  const std::uint32_t runnable = warp.fresh | warp.ready;
  if (runnable == 0) {
    return false;
  }
  const std::uint32_t rest = ~(runnable & -runnable);
  current_ = &warp.lanes[warp.lane_at[static_cast<std::size_t>(std::countr_zero(runnable))]];
  warp.fresh &= rest;
  warp.ready &= rest;
  t_view.thread_idx = current_->idx;
  if (watch_ != nullptr) [[unlikely]] {
    watch_->enter(static_cast<unsigned>(&warp - warps_.data()), current_->number);
  }
  return true;
}

inline Fiber& BlockRunner::idle_fiber() {
  if (idle_.empty()) [[unlikely]] {
    return new_fiber();
  }
  Fiber& fiber = *idle_.back();
  idle_.pop_back();
  return fiber;
}

Fiber& BlockRunner::new_fiber() {
  fibers_.push_back(std::make_unique<Fiber>(static_cast<unsigned>(fibers_.size())));
  fibers_.back()->reset(&BlockRunner::fiber_main, this);
  return *fibers_.back();
}

inline void BlockRunner::suspend(Lane& me) {
  Fiber& next = !choose_next() ? main_ : current_->fiber != nullptr ? *current_->fiber : idle_fiber();
  Fiber::switch_to(*me.fiber, next);
}

void BlockRunner::fiber_main(Fiber& fiber, void* runner) {
  static_cast<BlockRunner*>(runner)->run_threads_on(fiber);
}

void BlockRunner::run_threads_on(Fiber& fiber) {
  for (;;) {
    current_->fiber = &fiber;
    try {
      launch_->invoke(launch_->call);
    } catch (...) {
      failure_ = std::current_exception();
    }
    if (failure_) [[unlikely]] {
      Fiber::switch_to(fiber, main_);  // never comes back: the launch is abandoned
    }
    leave(*current_);
    const bool more = choose_next();
    if (more && current_->fiber == nullptr) {
      continue;
    }
    idle_.push_back(&fiber);
    Fiber::switch_to(fiber, more ? *current_->fiber : main_);
  }
}

inline void BlockRunner::leave(Lane& me) {
  Warp& warp = *current_warp_;
  warp.alive &= ~(1u << me.number);
  // A lane that has left is no longer waited for.
  for (std::uint32_t rest = warp.calling; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(rest));
    if ((warp.calling >> lane & 1u) != 0) {
      complete(warp, lane);
    }
  }
}

void BlockRunner::wake(Warp& warp, std::uint32_t lanes) {
  if (launch_->order == Stream::Order::ascending) {
    warp.ready |= lanes;  // lane and position are one
    return;
  }
  for (; lanes != 0; lanes &= lanes - 1) {
    warp.ready |= 1u << warp.position_of[static_cast<std::size_t>(std::countr_zero(lanes))];
  }
}

// Lanes that the watch had suspended and that may go on.
bool BlockRunner::release_held(Warp& warp) {
  const std::uint32_t held = warp.held;
  const std::uint32_t free = watch_->drain(static_cast<unsigned>(&warp - warps_.data()), held);
  if (launch_->progress != nullptr && launch_->progress->stop.stop_requested()) {
    throw Cancelled{};
  }
  warp.held &= ~free;
  wake(warp, free);
  return held != 0;
}

void BlockRunner::hold() {
  Lane& me = *current_;
  current_warp_->held |= 1u << me.number;
  suspend(me);
}

void BlockRunner::stop(std::exception_ptr failure) {
  failure_ = std::move(failure);
  Fiber::switch_to(*current_->fiber, main_);
  std::abort();  // unreachable: an abandoned fiber is reset, never resumed
}

inline void BlockRunner::meet(Meeting meeting, std::uint32_t lanes, const void* code) {
  if (watch_ != nullptr) [[unlikely]] {
    meeting_lanes_ = lanes;
    if (watch_->meet(meeting, code)) {
      hold();
    }
  }
}

inline bool BlockRunner::removed(Site where) const {
  return watch_ != nullptr && removed_ != nullptr && removed_->is(where);
}

inline bool BlockRunner::sync_threads(bool predicate, Site where, const void* code) {
  if (removed(where)) [[unlikely]] {
    return false;
  }
  meet(Meeting::barrier, ~0u, code);
  Lane& me = *current_;
  if (at_barrier_++ == 0) {
    barrier_site_ = where;
  } else if (std::memcmp(&where, &barrier_site_, sizeof where) != 0) {
    mixed_barrier_ = mixed_barrier_ || !same_line(where, barrier_site_);
  }
  predicates_ += predicate ? 1u : 0u;
  current_warp_->arrived |= 1u << me.number;
  me.site = where;
  suspend(me);
  return true;
}

// Whether there is a next phase: true when all threads were at one barrier, false when all have left.
bool BlockRunner::release_barrier() {
  const bool left = std::all_of(warps_.begin(), warps_.end(), [](const Warp& w) { return w.alive == 0; });
  if (left) {
    return false;
  }
  if (at_barrier_ != lanes_.size() || mixed_barrier_) {
    throw divergence();
  }
  if (launch_->progress != nullptr && launch_->progress->stop.stop_requested()) {
    throw Cancelled{};
  }
  released_predicates_ = predicates_;
  at_barrier_ = predicates_ = 0;
  if (watch_ != nullptr) {
    watch_->barrier_released();
  }
  for (Warp& warp : warps_) {
    const auto count = static_cast<unsigned>(std::popcount(warp.alive));
    warp.arrived = 0;
    warp.ready = low_bits(count);
    if (launch_->order == Stream::Order::shuffled) {
      order_lanes(warp, count);
    }
  }
  if (launch_->order == Stream::Order::shuffled) {
    order_warps();
  }
  return true;
}

inline std::uint64_t BlockRunner::warp_call(WarpKind kind, std::uint32_t mask, std::uint64_t bits,
                                            std::int32_t arg, std::int32_t width, Site where,
                                            const void* code) {
  if (kind == WarpKind::sync && removed(where)) [[unlikely]] {
    return 0;
  }
  meet(kind == WarpKind::sync ? Meeting::warp_sync : Meeting::warp_call, mask, code);
  Lane& me = *current_;
  Warp& warp = *current_warp_;
  const unsigned lane = me.number;
  if ((mask >> lane & 1u) == 0 || !std::has_single_bit(static_cast<unsigned>(width)) || width > 32)
      [[unlikely]] {
    refuse(mask, width, where);
  }
  warp.calls.kind[lane] = kind;
  warp.calls.mask[lane] = mask;
  warp.calls.bits[lane] = bits;
  warp.calls.arg[lane] = arg;
  warp.calls.width[lane] = width;
  warp.calling |= 1u << lane;
  // Only the last to come can complete it.
  if ((mask & warp.alive & ~warp.calling) == 0 && complete(warp, lane)) {
    warp.ready &= ~(1u << warp.position_of[lane]);  // it runs on at once
  } else {
    me.site = where;
    suspend(me);
  }
  return warp.calls.result[lane];
}

// Carries out the operation that lane is in when all its members have come.
bool BlockRunner::complete(Warp& warp, unsigned lane) {
  const std::uint32_t members = warp.calls.mask[lane] & warp.alive;
  if ((members & ~warp.calling) != 0 || !warp.calls.agree(lane, members)) {
    return false;
  }
  warp.calls.solve(members);
  warp.calling &= ~members;
  wake(warp, members);
  return true;
}

std::uint32_t BlockRunner::active_mask(Site where) {
  Lane& me = *current_;
  Warp& warp = *current_warp_;
  warp.asking |= 1u << me.number;
  me.site = where;
  suspend(me);
  return static_cast<std::uint32_t>(warp.calls.result[me.number]);
}

// Nothing else can run: the lanes at one active_mask call go on together.
bool BlockRunner::release_asking(Warp& warp) {
  const Site site = warp.lanes[std::countr_zero(warp.asking)].site;
  std::uint32_t together = 0;
  for (std::uint32_t rest = warp.asking; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(rest));
    together |= std::uint32_t{same_line(warp.lanes[lane].site, site)} << lane;
  }
  for (std::uint32_t rest = together; rest != 0; rest &= rest - 1) {
    warp.calls.result[static_cast<std::size_t>(std::countr_zero(rest))] = together;
  }
  warp.asking &= ~together;
  wake(warp, together);
  return true;
}

void BlockRunner::abandon() {
  running_ = false;
  t_running = nullptr;
  failure_ = nullptr;
  idle_.clear();
  for (const auto& fiber : fibers_) {
    fiber->reset(&BlockRunner::fiber_main, this);
    idle_.push_back(fiber.get());
  }
}

void sync_threads(Site where) {
  running().sync_threads(false, where, __builtin_return_address(0));
}

int sync_threads(BarrierKind kind, bool predicate, Site where) {
  BlockRunner& runner = running();
  if (!runner.sync_threads(predicate, where, __builtin_return_address(0))) {
    return predicate ? 1 : 0;
  }
  const unsigned yes = runner.predicates();
  const unsigned threads = t_view.block_dim.x * t_view.block_dim.y * t_view.block_dim.z;
  switch (kind) {
    case BarrierKind::count:
      return static_cast<int>(yes);
    case BarrierKind::all:
      return yes == threads;
    default:
      return yes != 0;
  }
}
std::uint64_t warp_call(WarpKind kind, std::uint32_t mask, std::uint64_t bits, std::int32_t arg,
                        std::int32_t width, Site where) {
  return running().warp_call(kind, mask, bits, arg, width, where, __builtin_return_address(0));
}
std::uint32_t active_mask(Site where) {
  return running().active_mask(where);
}
void trap(Site where) {
  throw Error(text("the kernel stopped itself with __trap() in ", describe(where)));
}

}  // namespace alab::executor
