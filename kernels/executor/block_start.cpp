// What a launch and each of its blocks begin with, and the guard behind dynamic shared memory.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cstring>

#include "kernels/executor/block_runner.hpp"
#include "reference/core/error.hpp"

namespace alab::executor {
namespace {

constexpr int kUnwritten = 0xFF;  // as float: NaN
constexpr std::byte kGuardByte{0xC5};

}  // namespace

void BlockRunner::begin_launch(const Launch& launch, LaneWatch* watch) {
  if (running_) {
    throw Error(text("alab::launch was called inside a kernel (", describe(launch.where),
                     "): launch from the rung's run function"));
  }
  launch_ = &launch;
  watch_ = watch;
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
    order_lanes(warps_[w], std::min(32u, threads - static_cast<unsigned>(w) * 32));
  }
  order_warps();
  t_view.block_dim = launch.block;
  t_view.grid_dim = launch.grid;
  t_view.dynamic_shared = dynamic_shared();
}

void BlockRunner::start_block(std::uint64_t block) {
  const dim3& grid = launch_->grid;
  t_view.block_idx = {static_cast<unsigned>(block % grid.x), static_cast<unsigned>(block / grid.x % grid.y),
                      static_cast<unsigned>(block / (std::uint64_t{grid.x} * grid.y))};
  random_ = launch_->seed + 0x9E3779B97F4A7C15u * (block + 1);
  auto left = static_cast<unsigned>(lanes_.size());
  for (Warp& warp : warps_) {
    const unsigned count = std::min(32u, left);
    left -= count;
    warp.alive = warp.fresh = low_bits(count);
    warp.ready = warp.arrived = warp.calling = warp.asking = warp.held = 0;
    if (launch_->order == Stream::Order::shuffled) {
      order_lanes(warp, count);
    }
  }
  for (Lane& lane : lanes_) {
    lane.fiber = nullptr;
  }
  if (launch_->order == Stream::Order::shuffled) {
    order_warps();
  }
  at_barrier_ = predicates_ = 0;
  mixed_barrier_ = false;
  if (launch_->dynamic_bytes > 0) {
    std::memset(dynamic_shared(), kUnwritten, launch_->dynamic_bytes);
    std::memset(dynamic_shared() + launch_->dynamic_bytes, static_cast<int>(kGuardByte), kSharedGuard);
  }
}

void BlockRunner::check_shared_guard() const {
  if (launch_->dynamic_bytes == 0) {
    return;
  }
  const std::byte* guard = dynamic_shared() + launch_->dynamic_bytes;
  const auto* hit = std::find_if(guard, guard + kSharedGuard, [](std::byte b) { return b != kGuardByte; });
  if (hit != guard + kSharedGuard) {
    throw Fault(FaultKind::shared_bounds,
                text(block_name(), "a thread wrote ", hit - guard,
                     " bytes past the end of dynamic shared memory, which the launch gave ",
                     launch_->dynamic_bytes, " bytes: ask for more or mend the index"));
  }
}

}  // namespace alab::executor
