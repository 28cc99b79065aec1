// Two OS threads of a launch account for their blocks in another order than the blocks ran in.
// SPDX-License-Identifier: MIT
#include "kernels/executor/counted/global_shadow.hpp"

#include "doctest/doctest.h"

using namespace alab;
using namespace alab::counted;

namespace {

constexpr std::uint64_t kStale = 0, kCounter = 1;  // words of the buffer

/// One lane, one word.
Pattern one_lane(Kind kind) {
  const Row row{};
  return Pattern(row.data(), 1, 0, {kind, false});
}

/// A launch of several blocks on two OS threads, over a buffer of two words.
struct Launch {
  std::vector<Buffer> buffers;
  StripeLocks locks;
  GlobalShadow threads[2];
  Pattern read = one_lane(Kind::read4), write = one_lane(Kind::write4), add = one_lane(Kind::atomic4);

  explicit Launch(bool from_host) {
    Buffer& buffer = buffers.emplace_back();
    buffer.bytes = 8;
    buffer.write = LazyArray<std::uint64_t>(2);
    buffer.read = LazyArray<std::uint64_t>(2);
    buffer.write[kCounter] = global_cell::make(Stamps::kHost, false, 0xF, 0);
    if (from_host) {
      buffer.write[kStale] = global_cell::make(Stamps::kHost, false, 0xF, 0);
    }
    for (GlobalShadow& thread : threads) {
      thread.use(buffers, {}, &locks);
    }
  }

  /// What is reported of one access by the running block of an OS thread.
  std::vector<Mistake> touch(int thread, const Pattern& pattern, std::uint64_t word) {
    std::vector<Mistake> found;
    threads[thread].touch({&pattern, 0, word, pattern.manner().kind, 1},
                          [&](unsigned, Mistake mistake, std::uint64_t) { found.push_back(mistake); });
    return found;
  }
};

}  // namespace

TEST_CASE("what the last block reads is no race, in whatever order two OS threads account for it") {
  for (const bool from_host : {true, false}) {
    Launch launch(from_host);
    launch.threads[0].start_block(2);
    launch.threads[1].start_block(3);
    // Block 2 wrote, then added to the counter; block 3 added, saw that it was the last, and read.
    CHECK(launch.touch(1, launch.add, kCounter).empty());
    CHECK(launch.touch(1, launch.read, kStale).empty());
    CHECK(launch.touch(0, launch.write, kStale).empty());
    CHECK(launch.touch(0, launch.add, kCounter).empty());
  }
}

TEST_CASE("what a block reads without having waited is a race, in either order") {
  for (const bool reader_first : {true, false}) {
    Launch launch(true);
    launch.threads[0].start_block(2);
    launch.threads[1].start_block(3);
    if (reader_first) {
      CHECK(launch.touch(1, launch.read, kStale).empty());
      CHECK(launch.touch(0, launch.write, kStale) == std::vector{Mistake::block_race});
    } else {
      CHECK(launch.touch(0, launch.write, kStale).empty());
      CHECK(launch.touch(1, launch.read, kStale) == std::vector{Mistake::block_race});
    }
  }
}

TEST_CASE("a block that has waited hides no race of two others") {
  Launch launch(true);
  launch.threads[0].start_block(2);
  launch.threads[1].start_block(3);
  CHECK(launch.touch(0, launch.read, kStale).empty());
  CHECK(launch.touch(1, launch.add, kCounter).empty());
  CHECK(launch.touch(1, launch.read, kStale).empty());
  launch.threads[1].start_block(4);
  CHECK(launch.touch(1, launch.write, kStale) == std::vector{Mistake::block_race});
}
