// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/pattern.hpp"

#include <algorithm>
#include <bit>

namespace alab::counted {

void Pattern::take(const Row& row, std::uint32_t mask, std::uint64_t first) {
  mask_ = mask;
  first_ = first;
  const Kind kind = kind_of(first);
  bytes_ = size_of(kind);
  low_ = steps_ = 0;
  high_ = bytes_;
  sectors_ = {};
  for (unsigned l = 0; l < kLanes; ++l) {
    delta_[l] = row[l] - first;
    const auto step = static_cast<std::int64_t>(delta_[l]);
    steps_ |= delta_[l];
    low_ = std::min(low_, step);
    high_ = std::max(high_, step + bytes_);
  }
  find_words();
  cost_ = {};
  cost_.requests = 1;
  cost_.lanes = static_cast<std::uint64_t>(std::popcount(mask));
  cost_.bytes = cost_.lanes * bytes_;
  for (unsigned i = 0; i < words_; ++i) {
    cost_.used_bytes += static_cast<std::uint64_t>(std::popcount(touched_[i]));
  }
  if (region_of(first) != Region::global && !is_atomic(kind)) {
    LaneOffsets offsets;
    std::transform(row.begin(), row.end(), offsets.begin(), offset_of);
    const SharedCost shared = shared_cost(is_read(kind), bytes_, mask, offsets);
    cost_.passes = shared.wavefronts;
    cost_.conflicts = shared.conflicts;
  }
}

void Pattern::find_words() {
  struct Touch {
    std::int64_t word;
    std::uint8_t lane, bytes;
  };
  std::array<Touch, 4 * kLanes> touches;
  unsigned count = 0;
  const std::uint64_t in_word = first_ & 3u;
  for (unsigned l = 0; l < kLanes; ++l) {
    if ((mask_ >> l & 1u) == 0) {
      continue;
    }
    const std::int64_t byte = static_cast<std::int64_t>(delta_[l] + in_word);
    const std::int64_t word = byte >> 2;
    const auto whole = static_cast<std::uint8_t>(bytes_ >= 4 ? 0xF : ((1u << bytes_) - 1) << (byte & 3));
    for (unsigned i = 0; i < std::max(1u, bytes_ / 4); ++i) {
      touches[count++] = {word + i, static_cast<std::uint8_t>(l), static_cast<std::uint8_t>(whole & 0xF)};
    }
  }
  const auto end = touches.begin() + count;
  const auto before = [](const Touch& a, const Touch& b) { return a.word < b.word; };
  if (!std::is_sorted(touches.begin(), end, before)) {
    std::sort(touches.begin(), end, [](const Touch& a, const Touch& b) {
      return a.word != b.word ? a.word < b.word : a.lane < b.lane;
    });
  }
  words_ = 0;
  for (auto t = touches.begin(); t != end; ++t) {
    if (words_ > 0 && word_[words_ - 1] == t->word) {
      many_[words_ - 1] |= (touched_[words_ - 1] & t->bytes) != 0 ? 1 : 0;
      touched_[words_ - 1] |= t->bytes;
      continue;
    }
    word_[words_] = t->word;
    lane_[words_] = t->lane;
    many_[words_] = 0;
    touched_[words_++] = t->bytes;
  }
  for (unsigned i = 0; i < words_; ++i) {
    tag_[i] =
        std::uint64_t{lane_[i]} << 22 | std::uint64_t{many_[i]} << 21 | std::uint64_t{touched_[i]} << 16;
  }
}

unsigned Pattern::sectors_at(unsigned word_in_sector) const {
  unsigned sectors = 0;
  std::int64_t last = 0;
  for (unsigned i = 0; i < words_; ++i) {
    const std::int64_t sector = (word_[i] + word_in_sector) >> 3;
    sectors += i == 0 || sector != last ? 1 : 0;
    last = sector;
  }
  return sectors;
}

const Access& Pattern::cost(std::uint64_t offset) {
  if (region_of(first_) == Region::global) {
    const auto at = static_cast<unsigned>(offset / 4 % 8);
    if (sectors_[at] == 0) {
      sectors_[at] = static_cast<std::uint8_t>(sectors_at(at));
    }
    cost_.passes = sectors_[at];
  }
  return cost_;
}

}  // namespace alab::counted
