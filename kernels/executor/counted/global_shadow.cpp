// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/global_shadow.hpp"

#include <cstring>

namespace alab::counted {

void GlobalShadow::use(std::span<Buffer> buffers, Stamps stamps) {
  buffers_ = buffers;
  stamps_ = stamps;
  seen_.resize(buffers.size());
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const std::size_t words = buffers[i].words();
    if (seen_[i].block.size() != words) {
      seen_[i] = {LazyArray<std::uint32_t>(words), LazyArray<std::uint8_t>(words / 8 + 1),
                  LazyArray<std::uint8_t>(words / 8 + 1)};
    } else {
      std::memset(seen_[i].read.data(), 0, seen_[i].read.size());
      std::memset(seen_[i].written.data(), 0, seen_[i].written.size());
    }
  }
}

}  // namespace alab::counted
