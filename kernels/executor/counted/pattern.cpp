// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/pattern.hpp"

#include <algorithm>
#include <bit>

namespace alab::counted {

Pattern::Pattern(const std::uint64_t* row, std::uint32_t mask, std::uint64_t first, Manner manner)
    : first_(first), mask_(mask), bytes_(size_of(manner.kind)), manner_(manner), high_(bytes_) {
  for (unsigned l = 0; l < kLanes; ++l) {
    delta_[l] = row[l] - first;
    const auto step = static_cast<std::int64_t>(delta_[l]);
    steps_ |= delta_[l];
    low_ = std::min(low_, step);
    high_ = std::max(high_, step + bytes_);
  }
  find_words();
  cost_.requests = 1;
  cost_.lanes = static_cast<std::uint64_t>(std::popcount(mask));
  cost_.bytes = cost_.lanes * bytes_;
  bool whole = true;
  for (unsigned i = 0; i < words_; ++i) {
    cost_.used_bytes += static_cast<std::uint64_t>(std::popcount(touched_[i]));
    whole = whole && touched_[i] == 0xF;
  }
  dense_ = whole && word_[words_ - 1] - word_[0] + 1 == words_;
  if (manner.shared && !is_atomic(manner.kind)) {
    LaneOffsets offsets;
    std::copy(row, row + kLanes, offsets.begin());
    const SharedCost shared = shared_cost(is_read(manner.kind), bytes_, mask, offsets);
    sectors_.fill(static_cast<std::uint8_t>(shared.wavefronts));
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

std::uint64_t Pattern::passes(unsigned word_in_sector) {
  std::uint8_t& known = sectors_[word_in_sector];
  if (known == 0 && !manner_.shared) {
    known = static_cast<std::uint8_t>(sectors_at(word_in_sector));
  }
  return known;
}

void PatternStore::clear() {
  slots_.assign(2 * kMost, nullptr);
  all_.clear();
}

Pattern& PatternStore::find(const std::uint64_t* row, std::uint32_t mask, std::uint64_t first,
                            Manner manner) {
  std::uint64_t hash = mask + (first & 3u) + static_cast<std::uint64_t>(manner.kind) * 64;
  for (unsigned l = 0; l < kLanes; ++l) {
    hash += (row[l] - first) * (0x9E3779B97F4A7C15u * (2 * l + 1));
  }
  hash *= 0x9E3779B97F4A7C15u;
  std::size_t at = hash >> 40;
  for (;; ++at) {
    Pattern*& slot = slots_[at % slots_.size()];
    if (slot == nullptr) {
      slot = &all_.emplace_back(row, mask, first, manner);
      return *slot;
    }
    if (slot->manner() == manner && slot->fits(row, mask, first)) {
      return *slot;
    }
  }
}

}  // namespace alab::counted
