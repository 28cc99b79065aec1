// Who touched each word of the global buffers: finds races between blocks and reads of what nobody wrote, and
// counts distinct words.
// SPDX-License-Identifier: MIT
#pragma once

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
  LazyArray<std::uint64_t> write, read;  ///< one cell per word

  std::size_t words() const { return (bytes + 3) / 4; }
};

/// What one launch means to the shadow. A block's stamp is first_stamp plus its index; smaller ones are of
/// earlier launches, 1 is the host's, 0 nobody's.
struct Stamps {
  static constexpr std::uint32_t kHost = 1;
  std::uint32_t first = 2;
};

// A cell: stamp (32 bits), several blocks (1), atomic (1), bytes (4), unused (2), code (24).
namespace global_cell {
constexpr std::uint64_t kMany = std::uint64_t{1} << 31, kAtomic = std::uint64_t{1} << 30;
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

/// What one OS thread keeps of a buffer during a launch: what its running block has touched, and all blocks.
struct Seen {
  LazyArray<std::uint32_t> block;         ///< per word: the block's stamp times 4, and bits 0 read, 1 written
  LazyArray<std::uint8_t> read, written;  ///< one bit per word, over the launch
};

class GlobalShadow {
 public:
  /// The buffers stay where they are as long as this lives.
  void use(std::span<Buffer> buffers, Stamps stamps);
  void start_block(std::uint64_t block) {
    stamp_ = stamps_.first + static_cast<std::uint32_t>(block);
    distinct_words_ = 0;
    synchronised_ = false;
  }
  /// Words that the running block has read so far, each once.
  std::uint64_t distinct_words() const { return distinct_words_; }
  std::span<const Seen> seen() const { return seen_; }

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
  template <class Report>
  void first_read(Buffer& buffer, std::size_t word, std::uint64_t now, unsigned i, Report& report);
  template <class Report>
  void first_write(Buffer& buffer, std::size_t word, std::uint64_t now, unsigned i, Report& report);
  bool other_block(std::uint64_t cell) const {
    const std::uint32_t stamp = global_cell::stamp(cell);
    return stamp >= stamps_.first && (stamp != stamp_ || (cell & global_cell::kMany) != 0);
  }
  static bool overlap(std::uint64_t a, std::uint64_t b) {
    return (a & b & global_cell::kAtomic) == 0 && (global_cell::bytes(a) & global_cell::bytes(b)) != 0;
  }

  std::span<Buffer> buffers_;
  std::vector<Seen> seen_;
  Stamps stamps_;
  std::uint32_t stamp_ = 0;
  std::uint64_t distinct_words_ = 0;
  // A block that used an atomic may have learnt by it that others are done (threadfence, counter, last
  // block): what it reads afterwards is not called a race.
  bool synchronised_ = false;
};

template <class Report>
void GlobalShadow::touch(const Request& request, Report report) {
  const Pattern& p = *request.pattern;
  Buffer& buffer = buffers_[static_cast<std::size_t>(request.buffer)];
  Seen& seen = seen_[static_cast<std::size_t>(request.buffer)];
  const bool atomic = is_atomic(request.kind), reads = is_read(request.kind);
  const std::uint32_t other = reads ? 2u : 1u, both = stamp_ << 2 | 3u;
  std::uint32_t* const block = seen.block.data() + request.first_word;
  const std::int64_t* const word = p.word();
  if (!atomic && size_of(request.kind) >= 4) {
    std::uint32_t fresh = 0;
    for (unsigned i = 0; i < p.words(); ++i) {
      fresh |= (block[word[i]] | other) ^ both;
    }
    const bool same = fresh == 0;
    if (same) {
      return;
    }
  }
  synchronised_ = synchronised_ || atomic;
  for (unsigned i = 0; i < p.words(); ++i) {
    const std::size_t at = request.first_word + static_cast<std::uint64_t>(word[i]);
    const std::uint32_t before = seen.block[at] >> 2 == (stamp_ & 0x3FFFFFFFu) ? seen.block[at] & 3u : 0u;
    const std::uint64_t now = global_cell::make(stamp_, atomic, p.touched()[i], request.code);
    if (reads) {
      distinct_words_ += (before & 1u) == 0 ? 1 : 0;
      seen.read[at / 8] |= static_cast<std::uint8_t>(1u << at % 8);
      first_read(buffer, at, now, i, report);
    } else {
      seen.written[at / 8] |= static_cast<std::uint8_t>(1u << at % 8);
      first_write(buffer, at, now, i, report);
    }
    seen.block[at] = stamp_ << 2 | before | (reads ? 1u : 2u);
  }
}

template <class Report>
void GlobalShadow::first_read(Buffer& buffer, std::size_t word, std::uint64_t now, unsigned i,
                              Report& report) {
  std::uint64_t& cell = buffer.read[word];
  const std::uint64_t old = __atomic_load_n(&cell, __ATOMIC_RELAXED);
  if (global_cell::stamp(old) < stamps_.first) {
    __atomic_store_n(&cell, now, __ATOMIC_RELAXED);
  } else if (global_cell::stamp(old) != stamp_) {
    __atomic_store_n(&cell, now | global_cell::kMany, __ATOMIC_RELAXED);
  }
  const std::uint64_t written = __atomic_load_n(&buffer.write[word], __ATOMIC_RELAXED);
  if (written == 0) {
    report(i, Mistake::uninitialised_global, std::uint64_t{0});
  } else if (!synchronised_ && other_block(written) && overlap(written, now)) {
    report(i, Mistake::block_race, written);
  }
}

template <class Report>
void GlobalShadow::first_write(Buffer& buffer, std::size_t word, std::uint64_t now, unsigned i,
                               Report& report) {
  const std::uint64_t written = __atomic_exchange_n(&buffer.write[word], now, __ATOMIC_RELAXED);
  const std::uint64_t read = __atomic_load_n(&buffer.read[word], __ATOMIC_RELAXED);
  if ((now & global_cell::kAtomic) != 0 && written == 0) {
    report(i, Mistake::uninitialised_global, std::uint64_t{0});
  }
  if (synchronised_ && (now & global_cell::kAtomic) == 0) {
    return;
  }
  if (other_block(written) && overlap(written, now)) {
    report(i, Mistake::block_race, written);
  } else if (other_block(read) && overlap(read, now)) {
    report(i, Mistake::block_race, read);
  }
}

}  // namespace alab::counted
