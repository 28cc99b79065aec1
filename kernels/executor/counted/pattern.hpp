// The shape of one request: which lanes touch which words, relative to its first active lane. Loops repeat
// shapes at other places, so that a shape is worked out once and then recognised.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <vector>

#include "kernels/executor/counted/banks.hpp"
#include "kernels/executor/counted/log.hpp"
#include "kernels/executor/counted/profile.hpp"

namespace alab::counted {

/// Addresses of one request, one per lane; inactive lanes repeat the first active one.
using Row = std::array<std::uint64_t, kLanes>;

/// What a shape depends on besides the addresses.
struct Manner {
  Kind kind = Kind::read4;
  bool shared = false;
  bool operator==(const Manner&) const = default;
};

class Pattern {
 public:
  /// Fits nothing.
  Pattern() = default;
  Pattern(const std::uint64_t* row, std::uint32_t mask, std::uint64_t first, Manner manner);

  /// Whether the row has this shape.
  bool fits(const std::uint64_t* row, std::uint32_t mask, std::uint64_t first) const {
    std::uint64_t differ = (mask ^ mask_) | ((first ^ first_) & 3u);
    for (unsigned l = 0; l < kLanes; ++l) {
      differ |= (row[l] - first) ^ delta_[l];
    }
    return differ == 0;
  }
  const Manner& manner() const { return manner_; }

  /// What one request adds, passes aside.
  const Access& cost() const { return cost_; }
  /// Sectors of a request whose first lane is at the given word of its sector; wavefronts in shared memory.
  std::uint64_t passes(unsigned word_in_sector);

  std::uint32_t mask() const { return mask_; }
  std::uint64_t delta(unsigned lane) const { return delta_[lane]; }
  /// The addresses' range, relative to the first lane's: [low, high).
  std::int64_t low() const { return low_; }
  std::int64_t high() const { return high_; }
  bool misaligned(std::uint64_t address) const { return ((address | steps_) & (bytes_ - 1)) != 0; }

  /// Distinct words in ascending order, relative to the first lane's; one lane that touches each.
  unsigned words() const { return words_; }
  const std::int64_t* word() const { return word_.data(); }
  /// Whether they follow one another and are touched whole.
  bool dense() const { return dense_; }
  const std::uint8_t* lane() const { return lane_.data(); }
  /// Lane, whether more than one lane touches the word, and its bytes, as a BlockShadow keeps them in a
  /// cell.
  const std::uint64_t* tag() const { return tag_.data(); }
  /// Bytes of the word that are touched, one bit each.
  const std::uint8_t* touched() const { return touched_.data(); }

 private:
  void find_words();
  unsigned sectors_at(unsigned word_in_sector) const;

  std::array<std::uint64_t, kLanes> delta_{};
  std::uint64_t first_ = 0, steps_ = 0;
  std::uint32_t mask_ = 0;
  unsigned bytes_ = 4, words_ = 0;
  bool dense_ = false;
  Manner manner_;
  std::int64_t low_ = 0, high_ = 0;
  Access cost_;
  std::array<std::uint8_t, 8> sectors_{};  // 0: not worked out
  std::array<std::int64_t, 4 * kLanes> word_;
  std::array<std::uint64_t, 4 * kLanes> tag_;
  std::array<std::uint8_t, 4 * kLanes> lane_, many_, touched_;
};

/// The shapes met so far. They stay where they are until clear.
class PatternStore {
 public:
  static constexpr std::size_t kMost = 2048;
  PatternStore() { clear(); }
  bool full() const { return all_.size() == kMost; }
  void clear();
  /// Must not be full.
  Pattern& find(const std::uint64_t* row, std::uint32_t mask, std::uint64_t first, Manner manner);

 private:
  std::vector<Pattern*> slots_;
  std::deque<Pattern> all_;
};

}  // namespace alab::counted
