// Which threads of a block touched each word of a memory last: finds races between them, and reads of what
// nobody wrote. SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

#include "kernels/executor/counted/lazy_array.hpp"
#include "kernels/executor/counted/pattern.hpp"
#include "kernels/executor/counted/raw_findings.hpp"

namespace alab::counted {

/// Two accesses to one byte by different threads race when one writes, not both are atomic, and no barrier
/// lies between them (within a warp, __syncwarp is one). Words are never cleared: a clock tells what is old.
/// Lanes that write one word by one instruction are not called a race: which of them wins is open, but
/// kernels do it with equal values, and values are not seen here. Of two partial writes to a word only the
/// later is remembered, so that a race on the other half is missed.
/// In global memory two writes are no race here, since threads may write one value twice, and what nobody
/// wrote is not asked for: other blocks and launches write there too.
class BlockShadow {
 public:
  enum class Memory { shared, global };
  explicit BlockShadow(std::size_t words, Memory memory = Memory::shared)
      : is_shared_(memory == Memory::shared), write_(words), read_(words), other_read_(words) {}
  std::size_t words() const { return write_.size(); }

  void start_block();
  /// All threads of the block have met.
  void barrier();
  /// Some lanes of the warp have met.
  void warp_sync(unsigned warp) { warp_start_[warp] = ++clock_; }

  struct Request {
    const Pattern* pattern;
    std::uint64_t first_word;  ///< of the first lane, in this shadow
    Kind kind;
    unsigned warp;
    std::uint16_t instruction;
  };
  /// Calls report(word index in the pattern, mistake, the other access's cell or 0) for every mistake.
  template <class Report>
  void read(const Request& request, Report report);
  template <class Report>
  void write(const Request& request, Report report);

  // A cell: clock (32 bits), thread (10), several lanes (1), atomic (1), bytes (4), instruction (16).
  static constexpr std::uint64_t kMany = 1u << 21, kAtomic = 1u << 20;
  static unsigned thread_of(std::uint64_t cell) { return cell >> 22 & 1023u; }
  static unsigned bytes_of(std::uint64_t cell) { return cell >> 16 & 0xFu; }
  static std::uint16_t instruction_of(std::uint64_t cell) { return static_cast<std::uint16_t>(cell); }

 private:
  static std::uint64_t since(std::uint32_t clock) { return std::uint64_t{clock} << 32; }
  std::uint64_t cell_base(const Request& request) const {
    return since(warp_start_[request.warp]) | std::uint64_t{request.warp} << 27 |
           (is_atomic(request.kind) ? kAtomic : 0) | request.instruction;
  }
  // Whether the earlier access is not ordered before the new one, which is a write or follows a write.
  bool races(std::uint64_t earlier, std::uint64_t now, unsigned warp) const {
    const unsigned thread = thread_of(earlier);
    const bool same_warp = thread / 32 == warp;
    return earlier >= since(same_warp ? warp_start_[warp] : barrier_start_) &&
           (thread != thread_of(now) || ((earlier | now) & kMany) != 0) && (earlier & now & kAtomic) == 0 &&
           (bytes_of(earlier) & bytes_of(now)) != 0;
  }
  template <class Where, class Report>
  void read_words(const Request& request, Where where, Report& report);
  template <class Where, class Report>
  void write_words(const Request& request, Where where, Report& report);
  template <class Report>
  void check_write(const Request& request, unsigned i, std::uint64_t now, Report& report);
  void remember_read(std::size_t at, std::uint64_t now, unsigned warp);

  bool is_shared_;
  LazyArray<std::uint64_t> write_, read_, other_read_;  // last write; last read; last read by another warp
  std::uint32_t clock_ = 0, block_start_ = 0, barrier_start_ = 0;
  std::array<std::uint32_t, 32> warp_start_{};
};

inline void BlockShadow::remember_read(std::size_t at, std::uint64_t now, unsigned warp) {
  const std::uint64_t old = read_[at];
  if (old >= since(barrier_start_)) {
    if (thread_of(old) / 32 != warp) {
      other_read_[at] = old;
    } else if (old >= since(warp_start_[warp]) && ((old ^ now) & (1023u << 22 | kMany)) != 0) {
      read_[at] = old | kMany | (now & (0xFu << 16));
      return;
    }
  }
  read_[at] = now;
}

template <class Report>
void BlockShadow::read(const Request& request, Report report) {
  if (request.pattern->dense()) {
    const std::int64_t lowest = request.pattern->word()[0];
    read_words(
        request, [lowest](unsigned i) { return lowest + i; }, report);
  } else {
    const std::int64_t* const word = request.pattern->word();
    read_words(
        request, [word](unsigned i) { return word[i]; }, report);
  }
}

template <class Where, class Report>
void BlockShadow::read_words(const Request& request, Where where, Report& report) {
  const std::uint64_t* const tag = request.pattern->tag();
  const unsigned count = request.pattern->words();
  const std::uint64_t* const written = write_.data() + request.first_word;
  std::uint64_t* const last_read = read_.data() + request.first_word;
  const std::uint64_t oldest = is_shared_ ? since(block_start_) : 0, recent = since(barrier_start_),
                      span = recent - oldest;
  const std::uint64_t base = cell_base(request);
  std::uint64_t unusual = 0, again = 0, news = 0;
  for (unsigned i = 0; i < count; ++i) {
    const std::uint64_t w = written[where(i)], r = last_read[where(i)];
    unusual |= std::uint64_t{w - oldest >= span};
    again |= std::uint64_t{r >= recent};
    news |= (r ^ (base + tag[i])) >> 16;
  }
  if (news != 0) {
    if (again == 0) {
      for (unsigned i = 0; i < count; ++i) {
        last_read[where(i)] = base + tag[i];
      }
    } else {
      for (unsigned i = 0; i < count; ++i) {
        remember_read(request.first_word + static_cast<std::size_t>(where(i)), base + tag[i], request.warp);
      }
    }
  }
  if (unusual == 0) [[likely]] {
    return;
  }
  for (unsigned i = 0; i < count; ++i) {
    const std::uint64_t w = written[where(i)];
    if (w < oldest) {
      report(i, Mistake::uninitialised_shared, 0);
    } else if (w >= recent && races(w, base + tag[i], request.warp)) {
      report(i, is_shared_ ? Mistake::shared_race : Mistake::thread_race, w);
    }
  }
}

template <class Report>
void BlockShadow::write(const Request& request, Report report) {
  if (request.pattern->dense()) {
    const std::int64_t lowest = request.pattern->word()[0];
    write_words(
        request, [lowest](unsigned i) { return lowest + i; }, report);
  } else {
    const std::int64_t* const word = request.pattern->word();
    write_words(
        request, [word](unsigned i) { return word[i]; }, report);
  }
}

template <class Where, class Report>
void BlockShadow::write_words(const Request& request, Where where, Report& report) {
  const std::uint64_t* const tag = request.pattern->tag();
  const unsigned count = request.pattern->words();
  std::uint64_t* const written = write_.data() + request.first_word;
  const std::uint64_t* const last_read = read_.data() + request.first_word;
  const std::uint64_t recent = since(barrier_start_), base = cell_base(request);
  std::uint64_t unusual = 0;
  for (unsigned i = 0; i < count; ++i) {
    unusual |= std::uint64_t{written[where(i)] >= recent} | std::uint64_t{last_read[where(i)] >= recent};
  }
  if (unusual != 0) {
    for (unsigned i = 0; i < count; ++i) {
      check_write(request, i, base + tag[i], report);
    }
  }
  for (unsigned i = 0; i < count; ++i) {
    written[where(i)] = base + tag[i];
  }
}

template <class Report>
void BlockShadow::check_write(const Request& request, unsigned i, std::uint64_t now, Report& report) {
  const std::size_t at = request.first_word + static_cast<std::uint64_t>(request.pattern->word()[i]);
  const std::uint64_t recent = since(barrier_start_);
  for (const std::uint64_t earlier : {is_shared_ ? write_[at] : 0, read_[at], other_read_[at]}) {
    if (earlier >= recent && races(earlier, now, request.warp)) {
      report(i, is_shared_ ? Mistake::shared_race : Mistake::thread_race, earlier);
      return;
    }
  }
}

}  // namespace alab::counted
