// The orders in which a block's warps and lanes take their turns.
// SPDX-License-Identifier: MIT
#include <utility>

#include "kernels/executor/block_runner.hpp"

namespace alab::executor {

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

void BlockRunner::order_lanes(Warp& warp, unsigned count) {
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

}  // namespace alab::executor
