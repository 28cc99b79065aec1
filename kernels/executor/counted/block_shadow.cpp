// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/block_shadow.hpp"

namespace alab::counted {

void BlockShadow::start_block() {
  if (clock_ > 0xF0000000u) {
    write_.clear();
    read_.clear();
    other_read_.clear();
    clock_ = 0;
  }
  barrier();
  block_start_ = barrier_start_;
}

void BlockShadow::barrier() {
  barrier_start_ = ++clock_;
  warp_start_.fill(barrier_start_);
}

}  // namespace alab::counted
