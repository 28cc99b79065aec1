// Who touched each word of the global buffers: finds races between blocks and reads of what nobody wrote, and
// counts distinct words.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/executor/counted/lazy_array.hpp"
#include "kernels/executor/counted/pattern.hpp"
#include "kernels/executor/counted/raw_findings.hpp"

namespace alab::counted {

/// A buffer as the counted runtime knows it; the cells are shared by all OS threads of a launch.
struct Buffer {
  std::string name;
  std::uint64_t offset = 0, bytes = 0;  ///< in the region of global memory
  bool scratch = false;
  bool given = false;                    ///< filled by the host
  LazyArray<std::uint64_t> write, read;  ///< one cell per word

  std::size_t words() const { return (bytes + 3) / 4; }
};

/// What one launch means to the shadow. A block's stamp is first_stamp plus its index; smaller ones are of
/// earlier launches, 1 is the host's, 0 nobody's.
struct Stamps {
  static constexpr std::uint32_t kHost = 1;
  std::uint32_t first = 2;
};

// A cell: stamp (32 bits), several blocks (1), atomic (1), bytes (4), ordered (1), unused (1), code (24).
namespace global_cell {
constexpr std::uint64_t kMany = std::uint64_t{1} << 31, kAtomic = std::uint64_t{1} << 30;
constexpr std::uint64_t kOrdered = std::uint64_t{1} << 25;  ///< by a block that had used an atomic
constexpr std::uint64_t make(std::uint32_t stamp, bool atomic, unsigned bytes, std::uint32_t code) {
  return std::uint64_t{stamp} << 32 | (atomic ? kAtomic : 0) | std::uint64_t{bytes} << 26 | code;
}
constexpr std::uint32_t stamp(std::uint64_t cell) {
  return static_cast<std::uint32_t>(cell >> 32);
}
constexpr unsigned bytes(std::uint64_t cell) {
  return cell >> 26 & 0xFu;
}
constexpr std::uint32_t code(std::uint64_t cell) {
  return cell & 0xFFFFFFu;
}
}  // namespace global_cell

/// Which words of a buffer one OS thread has touched. Per word: the last block's stamp (28 bits), whether the
/// launch has written (8) or read it (4), whether that block has (2, 1).
struct Seen {
  LazyArray<std::uint32_t> words;
};
namespace seen_word {
constexpr std::uint32_t kByBlock = 3, kByLaunch = 12, kRead = 1 | 4, kWritten = 2 | 8;
constexpr std::uint32_t of_block(std::uint32_t stamp) {
  return stamp << 4;
}
/// What the launch whose blocks begin at stamp first has done to the word, of kByLaunch.
constexpr std::uint32_t of_launch(std::uint32_t word, std::uint32_t first) {
  return word >= of_block(first) ? word & kByLaunch : 0;
}
}  // namespace seen_word

/// Keeps two OS threads from changing the cells of one word at a time.
class StripeLocks {
 public:
  static constexpr std::uint64_t kStripeWords = 4096, kStripes = 64;
  class Holder {
   public:
    explicit Holder(std::atomic_flag& flag);
    ~Holder() { flag_.clear(std::memory_order_release); }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

   private:
    std::atomic_flag& flag_;
  };
  std::atomic_flag& of(std::uint64_t stripe) { return flags_[stripe % kStripes]; }

 private:
  std::array<std::atomic_flag, kStripes> flags_;
};

class GlobalShadow {
 public:
  /// The buffers stay where they are as long as this lives.
  /// locks: shared by the launch's OS threads; nullptr when there is one.
  void use(std::span<Buffer> buffers, Stamps stamps, StripeLocks* locks);
  void start_block(std::uint64_t block) {
    stamp_ = stamps_.first + static_cast<std::uint32_t>(block);
    distinct_words_ = 0;
    synchronised_ = false;
  }
  /// Words that the running block has read so far, each once.
  std::uint64_t distinct_words() const { return distinct_words_; }
  std::span<const Seen> seen() const { return seen_; }
  /// The running block has used an atomic.
  bool synchronised() const { return synchronised_; }

  struct Request {
    const Pattern* pattern;
    int buffer;
    std::uint64_t first_word;  ///< of the first lane, in the buffer
    Kind kind;
    std::uint32_t code;
  };
  /// Calls report(word index in the pattern, mistake, the other access's cell or 0) for every mistake.
  template <class Report>
  void touch(const Request& request, Report report);

 private:
  using Cells = std::array<std::uint64_t, 4 * kLanes>;
  template <class Where, class Report>
  void touch_words(const Request& request, Where where, Report& report);
  /// Adds the request to what the block and the launch have touched; false: they had touched all of it.
  template <class Where>
  bool mark(const Request& request, Where where);
  template <class Where>
  void exchange(const Request& request, Where where, Cells& read, Cells& written);
  /// Calls body(from, to) for parts of the pattern's words, each under one lock.
  template <class Body>
  void by_stripe(const Request& request, Body body) const;
  Mistake judge(const Request& request, std::uint64_t now, std::uint64_t read, std::uint64_t written) const;
  std::uint64_t cell(const Request& request, unsigned i) const {
    return global_cell::make(stamp_, is_atomic(request.kind), request.pattern->touched()[i], request.code) |
           (ordered(request) ? global_cell::kOrdered : 0);
  }
  // A block that used an atomic may have learnt by it that others are done (threadfence, counter, last
  // block): what it does afterwards is not called a race, also where an OS thread accounts for it before
  // another one accounts for what it waited for.
  bool ordered(const Request& request) const { return synchronised_ && !is_atomic(request.kind); }
  bool other_block(std::uint64_t cell) const {
    const std::uint32_t stamp = global_cell::stamp(cell);
    return stamp >= stamps_.first && (stamp != stamp_ || (cell & global_cell::kMany) != 0);
  }
  static bool overlap(std::uint64_t a, std::uint64_t b) {
    return (a & b & global_cell::kAtomic) == 0 && ((a | b) & global_cell::kOrdered) == 0 &&
           (global_cell::bytes(a) & global_cell::bytes(b)) != 0;
  }

  std::span<Buffer> buffers_;
  std::vector<Seen> seen_;
  Stamps stamps_;
  StripeLocks* locks_ = nullptr;
  std::uint32_t stamp_ = 0;
  std::uint64_t distinct_words_ = 0;
  bool synchronised_ = false;  ///< the running block has used an atomic
};

template <class Report>
void GlobalShadow::touch(const Request& request, Report report) {
  if (request.pattern->dense()) {
    const std::int64_t lowest = request.pattern->word()[0];
    touch_words(
        request, [lowest](unsigned i) { return lowest + i; }, report);
  } else {
    const std::int64_t* const word = request.pattern->word();
    touch_words(
        request, [word](unsigned i) { return word[i]; }, report);
  }
}

template <class Where, class Report>
void GlobalShadow::touch_words(const Request& request, Where where, Report& report) {
  const bool whole_words = !is_atomic(request.kind) && size_of(request.kind) >= 4;
  if (!mark(request, where) && whole_words) [[likely]] {
    return;
  }
  synchronised_ = synchronised_ || is_atomic(request.kind);
  Cells read, written;
  exchange(request, where, read, written);
  const bool needs_value = !is_write(request.kind);
  std::uint64_t unusual = 0;
  for (unsigned i = 0; i < request.pattern->words(); ++i) {
    unusual |= std::uint64_t{written[i] == 0 && needs_value} | std::uint64_t{other_block(written[i])} |
               std::uint64_t{other_block(read[i])};
  }
  if (unusual == 0) [[likely]] {
    return;
  }
  for (unsigned i = 0; i < request.pattern->words(); ++i) {
    const Mistake mistake = judge(request, cell(request, i), read[i], written[i]);
    if (mistake != Mistake::other) {
      const bool by_write = other_block(written[i]) && overlap(written[i], cell(request, i));
      report(i, mistake, mistake == Mistake::uninitialised_global ? 0 : by_write ? written[i] : read[i]);
    }
  }
}

template <class Where>
bool GlobalShadow::mark(const Request& request, Where where) {
  std::uint32_t* const seen =
      seen_[static_cast<std::size_t>(request.buffer)].words.data() + request.first_word;
  const unsigned count = request.pattern->words();
  const std::uint32_t bits = is_read(request.kind) ? seen_word::kRead : seen_word::kWritten;
  const std::uint32_t others = 15u & ~(bits & seen_word::kByBlock);
  const std::uint32_t mine = seen_word::of_block(stamp_), first = seen_word::of_block(stamps_.first);
  std::uint32_t fresh = 0;
  for (unsigned i = 0; i < count; ++i) {
    fresh |= (seen[where(i)] | others) ^ (mine | 15u);
  }
  if (fresh == 0) {
    return false;
  }
  std::uint32_t again = 0;
  for (unsigned i = 0; i < count; ++i) {
    const std::uint32_t old = seen[where(i)];
    const std::uint32_t by_block = (old ^ mine) < 16 ? old & seen_word::kByBlock : 0;
    const std::uint32_t by_launch = old >= first ? old & seen_word::kByLaunch : 0;
    again += by_block & 1u;
    seen[where(i)] = mine | by_block | by_launch | bits;
  }
  distinct_words_ += is_read(request.kind) ? count - again : 0;
  return true;
}

template <class Where>
void GlobalShadow::exchange(const Request& request, Where where, Cells& read, Cells& written) {
  Buffer& buffer = buffers_[static_cast<std::size_t>(request.buffer)];
  std::uint64_t* const last_read = buffer.read.data() + request.first_word;
  std::uint64_t* const last_write = buffer.write.data() + request.first_word;
  by_stripe(request, [&](unsigned from, unsigned to) {
    for (unsigned i = from; i < to; ++i) {
      read[i] = last_read[where(i)];
      written[i] = last_write[where(i)];
    }
    if (!is_read(request.kind)) {
      for (unsigned i = from; i < to; ++i) {
        last_write[where(i)] = cell(request, i);
      }
      return;
    }
    for (unsigned i = from; i < to; ++i) {
      const std::uint32_t before = global_cell::stamp(read[i]);
      const std::uint64_t now = cell(request, i);
      if (!ordered(request)) {
        last_read[where(i)] = before < stamps_.first ? now
                              : before != stamp_     ? now | global_cell::kMany
                                                     : read[i];
      }
      read[i] = 0;  // reads do not race with each other
    }
  });
}

template <class Body>
void GlobalShadow::by_stripe(const Request& request, Body body) const {
  const unsigned count = request.pattern->words();
  if (locks_ == nullptr) {
    body(0, count);
    return;
  }
  const auto stripe_of = [&](unsigned i) {
    return (request.first_word + static_cast<std::uint64_t>(request.pattern->word()[i])) /
           StripeLocks::kStripeWords;
  };
  for (unsigned from = 0, to = 0; from < count; from = to) {
    const std::uint64_t stripe = stripe_of(from);
    for (to = from + 1; to < count && stripe_of(to) == stripe; ++to) {
    }
    const StripeLocks::Holder holder(locks_->of(stripe));
    body(from, to);
  }
}

}  // namespace alab::counted
