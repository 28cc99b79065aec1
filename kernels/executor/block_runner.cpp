// The scheduler of a block: warp by warp, lane by lane, each until it waits or leaves.
// SPDX-License-Identifier: MIT
#include "kernels/executor/block_runner.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

#include "reference/core/error.hpp"

namespace alab::executor {

constinit thread_local View t_view;

namespace {

constexpr std::size_t kMaxDynamicShared = 227 * 1024;  // sm_90's limit per block
constexpr std::size_t kSharedGuard = 1024;
constexpr int kUnwritten = 0xFF;  // as float: NaN
constexpr std::byte kGuardByte{0xC5};
constinit thread_local BlockRunner* t_running = nullptr;

bool same_line(const Site& a, const Site& b) {
  return a.line() == b.line() &&
         (a.file_name() == b.file_name() || std::strcmp(a.file_name(), b.file_name()) == 0);
}

}  // namespace

void BlockRunner::Aligned::operator()(std::byte* p) const {
  ::operator delete (p, std::align_val_t{1024});
}

BlockRunner::BlockRunner()
    : dynamic_shared_(static_cast<std::byte*>(
          ::operator new (kMaxDynamicShared + kSharedGuard, std::align_val_t{1024}))) {}

BlockRunner& BlockRunner::of_this_thread() {
  thread_local BlockRunner runner;
  return runner;
}

BlockRunner& BlockRunner::running() {
  require(t_running != nullptr,
          "a CUDA device function was called outside a kernel: start it with alab::launch");
  return *t_running;
}

void BlockRunner::begin_launch(const Launch& launch) {
  require(!running_, "alab::launch was called inside a kernel (", describe(launch.where),
          "): launch from the rung's run function");
  launch_ = &launch;
  const unsigned threads = launch.threads();
  lanes_.assign(threads, Lane{});
  warps_.assign((threads + 31) / 32, Warp{});
  warp_order_.resize(warps_.size());
  for (unsigned t = 0; t < threads; ++t) {
    lanes_[t].idx = {t % launch.block.x, t / launch.block.x % launch.block.y,
                     t / (launch.block.x * launch.block.y)};
    lanes_[t].number = static_cast<std::uint8_t>(t % 32);
  }
  for (std::size_t w = 0; w < warps_.size(); ++w) {
    warps_[w].lanes = lanes_.data() + w * 32;
  }
  t_view.block_dim = launch.block;
  t_view.grid_dim = launch.grid;
  t_view.dynamic_shared = dynamic_shared_.get();
}

void BlockRunner::start_block(std::uint64_t block) {
  const dim3& grid = launch_->grid;
  t_view.block_idx = {static_cast<unsigned>(block % grid.x), static_cast<unsigned>(block / grid.x % grid.y),
                      static_cast<unsigned>(block / (std::uint64_t{grid.x} * grid.y))};
  random_ = launch_->seed + 0x9E3779B97F4A7C15u * (block + 1);
  const auto threads = static_cast<unsigned>(lanes_.size());
  for (std::size_t w = 0; w < warps_.size(); ++w) {
    const unsigned count = std::min(32u, threads - static_cast<unsigned>(w) * 32);
    Warp& warp = warps_[w];
    warp.alive = count == 32 ? ~0u : (1u << count) - 1;
    warp.waiting = warp.asking = warp.ready = 0;
    order_lanes(warp);
    warp.fresh = warp.alive;
  }
  for (Lane& lane : lanes_) {
    lane.fiber = nullptr;
    lane.wait = Wait::none;
  }
  order_warps();
  at_barrier_ = predicates_ = 0;
  mixed_barrier_ = false;
  if (launch_->dynamic_bytes > 0) {
    std::memset(dynamic_shared_.get(), kUnwritten, launch_->dynamic_bytes);
    std::memset(dynamic_shared_.get() + launch_->dynamic_bytes, static_cast<int>(kGuardByte), kSharedGuard);
  }
}

void BlockRunner::run_block(std::uint64_t block) {
  start_block(block);
  struct Running {
    explicit Running(BlockRunner& r) : runner(r) {
      runner.running_ = true;
      t_running = &runner;
    }
    ~Running() {
      runner.running_ = false;
      t_running = nullptr;
    }
    BlockRunner& runner;
  } running(*this);
  try {
    do {
      run_phase();
    } while (release_barrier());
    finish_shared();
  } catch (...) {
    abandon();
    throw;
  }
}

void BlockRunner::run_phase() {
  for (const std::uint16_t w : warp_order_) {
    run_warp(warps_[w]);
  }
}

void BlockRunner::run_warp(Warp& warp) {
  current_warp_ = &warp;
  do {
    if (choose_next()) {
      Fiber::switch_to(main_, current_->fiber != nullptr ? *current_->fiber : idle_fiber());
    }
    if (failure_) {
      std::rethrow_exception(std::exchange(failure_, nullptr));
    }
  } while (release_asking(warp));
}

bool BlockRunner::choose_next() {
  Warp& warp = *current_warp_;
  const std::uint32_t runnable = warp.fresh | warp.ready;
  if (runnable == 0) {
    return false;
  }
  const std::uint32_t bit = runnable & -runnable;
  current_ = &warp.lanes[warp.lane_at[static_cast<std::size_t>(std::countr_zero(runnable))]];
  warp.fresh &= ~bit;
  warp.ready &= ~bit;
  t_view.thread_idx = current_->idx;
  return true;
}

void BlockRunner::suspend(Lane& me) {
  Fiber& mine = *me.fiber;
  if (!choose_next()) {
    Fiber::switch_to(mine, main_);
  } else {
    Fiber::switch_to(mine, current_->fiber != nullptr ? *current_->fiber : idle_fiber());
  }
}

void BlockRunner::wake(Warp& warp, unsigned lane) {
  warp.lanes[lane].wait = Wait::none;
  warp.ready |= 1u << warp.position_of[lane];
}

Fiber& BlockRunner::idle_fiber() {
  if (idle_.empty()) {
    fibers_.push_back(std::make_unique<Fiber>(static_cast<unsigned>(fibers_.size())));
    fibers_.back()->reset(&BlockRunner::fiber_main, this);
    return *fibers_.back();
  }
  Fiber& fiber = *idle_.back();
  idle_.pop_back();
  return fiber;
}

void BlockRunner::fiber_main(Fiber& fiber, void* runner) {
  static_cast<BlockRunner*>(runner)->run_threads_on(fiber);
}

void BlockRunner::run_threads_on(Fiber& fiber) {
  for (;;) {
    Lane& lane = *current_;
    lane.fiber = &fiber;
    try {
      launch_->invoke(launch_->call);
    } catch (...) {
      failure_ = std::current_exception();
    }
    if (failure_) {
      Fiber::switch_to(fiber, main_);  // never comes back: the launch is abandoned
    }
    leave(lane);
    const bool more = choose_next();
    if (more && current_->fiber == nullptr) {
      continue;
    }
    idle_.push_back(&fiber);
    Fiber::switch_to(fiber, more ? *current_->fiber : main_);
  }
}

void BlockRunner::leave(Lane& me) {
  Warp& warp = *current_warp_;
  me.wait = Wait::left;
  warp.alive &= ~(1u << me.number);
  // A lane that has left is no longer waited for.
  for (std::uint32_t rest = warp.waiting; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(rest));
    if ((warp.waiting >> lane & 1u) != 0) {
      complete(warp, warp.lanes[lane].call);
    }
  }
}

int BlockRunner::sync_threads(BarrierKind kind, bool predicate, Site where) {
  Lane& me = *current_;
  if (at_barrier_++ == 0) {
    barrier_site_ = where;
  } else {
    mixed_barrier_ = mixed_barrier_ || !same_line(where, barrier_site_);
  }
  predicates_ += predicate ? 1u : 0u;
  me.wait = Wait::barrier;
  me.site = where;
  suspend(me);
  switch (kind) {
    case BarrierKind::count:
      return static_cast<int>(released_predicates_);
    case BarrierKind::all:
      return released_predicates_ == lanes_.size();
    case BarrierKind::any:
      return released_predicates_ != 0;
    default:
      return 0;
  }
}

bool BlockRunner::release_barrier() {
  const auto left =
      std::count_if(lanes_.begin(), lanes_.end(), [](const Lane& l) { return l.wait == Wait::left; });
  if (left == static_cast<std::ptrdiff_t>(lanes_.size())) {
    return false;
  }
  if (at_barrier_ != lanes_.size() || mixed_barrier_) {
    throw Error(divergence());
  }
  if (launch_->progress != nullptr && launch_->progress->stop.stop_requested()) {
    throw Cancelled{};
  }
  released_predicates_ = predicates_;
  at_barrier_ = predicates_ = 0;
  for (Lane& lane : lanes_) {
    lane.wait = Wait::none;
  }
  for (Warp& warp : warps_) {
    order_lanes(warp);
    warp.ready = warp.alive;
  }
  order_warps();
  return true;
}

std::uint64_t BlockRunner::warp_call(const WarpCall& call, Site where) {
  Lane& me = *current_;
  Warp& warp = *current_warp_;
  require((call.mask >> me.number & 1u) != 0, block_name(), name_of(me), " (lane ", int{me.number},
          ") makes a warp call in ", describe(where), " with mask 0x", std::hex, call.mask,
          " that does not name it: name every lane that makes the call, the caller included");
  require(call.width >= 1 && call.width <= 32 && std::has_single_bit(static_cast<unsigned>(call.width)),
          block_name(), name_of(me), " shuffles in ", describe(where), " with width ", call.width,
          ": the width is 1, 2, 4, 8, 16 or 32");
  me.call = call;
  me.site = where;
  warp.waiting |= 1u << me.number;
  if (complete(warp, call)) {
    warp.ready &= ~(1u << warp.position_of[me.number]);  // it runs on at once
    return me.result;
  }
  me.wait = Wait::warp;
  suspend(me);
  return me.result;
}

bool BlockRunner::complete(Warp& warp, const WarpCall& call) {
  const std::uint32_t members = call.mask & warp.alive;
  if ((members & ~warp.waiting) != 0) {
    return false;
  }
  const WarpCall* calls[32];
  for (std::uint32_t rest = members; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<std::size_t>(std::countr_zero(rest));
    calls[lane] = &warp.lanes[lane].call;
    if (calls[lane]->kind != call.kind || calls[lane]->mask != call.mask) {
      return false;
    }
  }
  std::uint64_t results[32];
  solve_warp_call(members, calls, results);
  for (std::uint32_t rest = members; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(rest));
    warp.lanes[lane].result = results[lane];
    wake(warp, lane);
  }
  warp.waiting &= ~members;
  return true;
}

std::uint32_t BlockRunner::active_mask(Site where) {
  Lane& me = *current_;
  me.wait = Wait::mask;
  me.site = where;
  current_warp_->asking |= 1u << me.number;
  suspend(me);
  return static_cast<std::uint32_t>(me.result);
}

bool BlockRunner::release_asking(Warp& warp) {
  if (warp.asking == 0) {
    return false;
  }
  const Site site = warp.lanes[std::countr_zero(warp.asking)].site;
  std::uint32_t together = 0;
  for (std::uint32_t rest = warp.asking; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(rest));
    together |= std::uint32_t{same_line(warp.lanes[lane].site, site)} << lane;
  }
  for (std::uint32_t rest = together; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<unsigned>(std::countr_zero(rest));
    warp.lanes[lane].result = together;
    wake(warp, lane);
  }
  warp.asking &= ~together;
  return true;
}

void BlockRunner::finish_shared() {
  if (launch_->dynamic_bytes == 0) {
    return;
  }
  const std::byte* guard = dynamic_shared_.get() + launch_->dynamic_bytes;
  const auto* hit = std::find_if(guard, guard + kSharedGuard, [](std::byte b) { return b != kGuardByte; });
  require(hit == guard + kSharedGuard, block_name(), "a thread wrote ", hit - guard,
          " bytes past the end of dynamic shared memory, which the launch gave ", launch_->dynamic_bytes,
          " bytes: ask for more or mend the index");
}

void BlockRunner::abandon() {
  failure_ = nullptr;
  idle_.clear();
  for (const auto& fiber : fibers_) {
    fiber->reset(&BlockRunner::fiber_main, this);
    idle_.push_back(fiber.get());
  }
}

std::uint64_t BlockRunner::random() {
  std::uint64_t z = random_ += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

void BlockRunner::order_warps() {
  const std::size_t count = warp_order_.size();
  for (std::size_t i = 0; i < count; ++i) {
    warp_order_[i] =
        static_cast<std::uint16_t>(launch_->order == Stream::Order::descending ? count - 1 - i : i);
  }
  if (launch_->order == Stream::Order::shuffled) {
    for (std::size_t i = count; i > 1; --i) {
      std::swap(warp_order_[i - 1], warp_order_[random() % i]);
    }
  }
}

void BlockRunner::order_lanes(Warp& warp) {
  const auto count = static_cast<unsigned>(std::popcount(warp.alive));
  for (unsigned i = 0; i < count; ++i) {
    warp.lane_at[i] =
        static_cast<std::uint8_t>(launch_->order == Stream::Order::descending ? count - 1 - i : i);
  }
  if (launch_->order == Stream::Order::shuffled) {
    for (unsigned i = count; i > 1; --i) {
      std::swap(warp.lane_at[i - 1], warp.lane_at[random() % i]);
    }
  }
  for (unsigned i = 0; i < count; ++i) {
    warp.position_of[warp.lane_at[i]] = static_cast<std::uint8_t>(i);
  }
}

std::string BlockRunner::block_name() const {
  const uint3 b = t_view.block_idx;
  return text("launch in ", describe(launch_->where), ", block (", b.x, ", ", b.y, ", ", b.z, "): ");
}

std::string BlockRunner::name_of(const Lane& lane) const {
  return text("thread (", lane.idx.x, ", ", lane.idx.y, ", ", lane.idx.z, ")");
}

std::string BlockRunner::state_of(const Lane& lane) const {
  switch (lane.wait) {
    case Wait::barrier:
      return text("waits at the barrier in ", describe(lane.site));
    case Wait::warp:
      return text("waits for the lanes of mask 0x", std::hex, lane.call.mask, " in ", describe(lane.site));
    default:
      return "has left the kernel";
  }
}

std::string BlockRunner::divergence() const {
  // The clearest pair: one that waits, and the first that does something else than it.
  const auto waiting = [](const Lane& l) { return l.wait != Wait::left; };
  const Lane& one = *std::find_if(lanes_.begin(), lanes_.end(), waiting);
  const auto other = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& l) {
    return l.wait != one.wait || (waiting(l) && !same_line(l.site, one.site));
  });
  std::string what = block_name() + name_of(one) + " " + state_of(one);
  if (other != lanes_.end()) {
    what += " but " + name_of(*other) + " " + state_of(*other);
  }
  return what +
         (one.wait == Wait::barrier
              ? ": every thread of a block must reach the same barrier, so move it out of the branch or loop"
              : ": every lane that a mask names must make the same call with the same mask");
}

int sync_threads(BarrierKind kind, bool predicate, Site where) {
  return BlockRunner::running().sync_threads(kind, predicate, where);
}
std::uint64_t warp_call(const WarpCall& call, Site where) {
  return BlockRunner::running().warp_call(call, where);
}
std::uint32_t active_mask(Site where) {
  return BlockRunner::running().active_mask(where);
}
void trap(Site where) {
  throw Error(text("the kernel stopped itself with __trap() in ", describe(where)));
}

}  // namespace alab::executor
