// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/banks.hpp"

#include <algorithm>

namespace alab::counted {
namespace {

constexpr unsigned kBanks = 32;

bool active(std::uint32_t mask, unsigned lane) {
  return (mask >> lane & 1u) != 0;
}

bool neighbours_agree(unsigned distance, std::uint32_t mask, const LaneOffsets& offsets) {
  for (unsigned lane = 0; lane < 32; ++lane) {
    const unsigned other = lane ^ distance;
    if (active(mask, lane) && active(mask, other) && offsets[lane] != offsets[other]) {
      return false;
    }
  }
  return true;
}

// Most distinct words in one bank among the lanes [first, first + count).
unsigned wavefronts_of_group(unsigned words_per_lane, std::uint32_t mask, const LaneOffsets& offsets,
                             unsigned first, unsigned count) {
  std::array<std::array<std::uint64_t, 32>, kBanks> seen;
  std::array<std::uint8_t, kBanks> used{};
  unsigned most = 0;
  for (unsigned lane = first; lane < first + count; ++lane) {
    for (unsigned i = 0; active(mask, lane) && i < words_per_lane; ++i) {
      const std::uint64_t word = offsets[lane] / 4 + i;
      auto& in_bank = seen[word % kBanks];
      std::uint8_t& n = used[word % kBanks];
      if (std::find(in_bank.begin(), in_bank.begin() + n, word) == in_bank.begin() + n) {
        in_bank[n++] = word;
        most = std::max<unsigned>(most, n);
      }
    }
  }
  return most;
}

}  // namespace

unsigned lanes_per_group(bool load, unsigned bytes, std::uint32_t mask, const LaneOffsets& offsets) {
  unsigned groups = bytes <= 4 ? 1 : bytes / 4;
  if (load && groups > 1 && (neighbours_agree(1, mask, offsets) || neighbours_agree(2, mask, offsets))) {
    groups /= 2;
  }
  return 32 / groups;
}

SharedCost shared_cost(bool load, unsigned bytes, std::uint32_t mask, const LaneOffsets& offsets) {
  SharedCost cost;
  const unsigned count = lanes_per_group(load, bytes, mask, offsets);
  for (unsigned first = 0; first < 32; first += count) {
    const unsigned n = wavefronts_of_group(std::max(1u, bytes / 4), mask, offsets, first, count);
    cost.wavefronts += n;
    cost.conflicts += n > 0 ? n - 1 : 0;
  }
  return cost;
}

}  // namespace alab::counted
