// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/global_shadow.hpp"

#include <thread>

namespace alab::counted {

StripeLocks::Holder::Holder(std::atomic_flag& flag) : flag_(flag) {
  while (flag_.test_and_set(std::memory_order_acquire)) {
    std::this_thread::yield();
  }
}

void GlobalShadow::use(std::span<Buffer> buffers, Stamps stamps, StripeLocks* locks) {
  buffers_ = buffers;
  stamps_ = stamps;
  locks_ = locks;
  seen_.resize(buffers.size());
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    if (seen_[i].words.size() != buffers[i].words()) {
      seen_[i] = {LazyArray<std::uint32_t>(buffers[i].words())};
    }
  }
}

// Mistake::other: none.
Mistake GlobalShadow::judge(const Request& request, std::uint64_t now, std::uint64_t read,
                            std::uint64_t written) const {
  if (written == 0 && (is_atomic(request.kind) || is_read(request.kind))) {
    // Another OS thread may still have to account for the write that the block has waited for.
    const bool may_be_late = ordered(request) && locks_ != nullptr;
    return may_be_late ? Mistake::other : Mistake::uninitialised_global;
  }
  const bool races =
      (other_block(written) && overlap(written, now)) || (other_block(read) && overlap(read, now));
  return races ? Mistake::block_race : Mistake::other;
}

}  // namespace alab::counted
