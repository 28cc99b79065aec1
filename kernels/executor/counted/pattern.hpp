// The shape of one request: which lanes touch which words, relative to its first active lane. Loops repeat
// shapes at other places, so that a shape is worked out once and then recognised.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include "kernels/executor/counted/banks.hpp"
#include "kernels/executor/counted/log.hpp"
#include "kernels/executor/counted/profile.hpp"

namespace alab::counted {

/// Entries of one instruction, one per lane; inactive lanes repeat the first active one.
using Row = std::array<std::uint64_t, kLanes>;

class Pattern {
 public:
  /// Whether the row has this shape.
  bool fits(const std::uint64_t* row, std::uint32_t mask, std::uint64_t first) const {
    if (mask != mask_ || ((first ^ first_) & kSame) != 0) {
      return false;
    }
    std::uint64_t differ = 0;
    for (unsigned l = 0; l < kLanes; ++l) {
      differ |= (row[l] - first) ^ delta_[l];
    }
    return differ == 0;
  }
  void take(const Row& row, std::uint32_t mask, std::uint64_t first);

  /// What one request adds; sectors (passes) are those of a request whose first lane is at this offset.
  const Access& cost(std::uint64_t offset);
  std::uint32_t mask() const { return mask_; }
  /// The offsets' range, relative to the first lane's: [low, high).
  std::uint64_t delta(unsigned lane) const { return delta_[lane]; }
  std::int64_t low() const { return low_; }
  std::int64_t high() const { return high_; }
  bool misaligned(std::uint64_t offset) const { return ((offset | steps_) & (bytes_ - 1)) != 0; }

  /// Distinct words in ascending order, relative to the first lane's; one lane that touches each.
  unsigned words() const { return words_; }
  const std::int64_t* word() const { return word_.data(); }
  const std::uint8_t* lane() const { return lane_.data(); }
  /// Lane, whether more than one lane touches the word, and its bytes, as a SharedShadow keeps them in a
  /// cell.
  const std::uint64_t* tag() const { return tag_.data(); }
  /// Bytes of the word that are touched, one bit each.
  const std::uint8_t* touched() const { return touched_.data(); }

 private:
  static constexpr std::uint64_t kSame = ~kOffsetMask | 3u;  // code, kind, region, place within a word
  void find_words();
  unsigned sectors_at(unsigned word_in_sector) const;

  std::uint32_t mask_ = 0;
  unsigned bytes_ = 4, words_ = 0;
  std::uint64_t first_ = 0, steps_ = 0;
  std::int64_t low_ = 0, high_ = 0;
  Access cost_;
  std::array<std::uint8_t, 8>
      sectors_{};  // by place of the first lane's word in its sector; 0: not worked out
  std::array<std::uint64_t, kLanes> delta_{};
  std::array<std::int64_t, 4 * kLanes> word_;
  std::array<std::uint64_t, 4 * kLanes> tag_;
  std::array<std::uint8_t, 4 * kLanes> lane_, many_, touched_;
};

}  // namespace alab::counted
