// Mistakes as one OS thread meets them, in addresses and numbers; findings.hpp turns them into sentences.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "kernels/executor/counted/log.hpp"
#include "kernels/executor/counted/profile.hpp"

namespace alab::counted {

/// One access: the instruction, and who made it.
struct Actor {
  std::uint32_t code = 0;   ///< relative to the launch's code base
  std::uint64_t block = 0;  ///< linear
  unsigned thread = 0;      ///< linear within the block
};

struct RawFinding {
  Mistake mistake = Mistake::other;
  Kind kind = Kind::read4, other_kind = Kind::read4;
  Actor actor, other;
  bool other_thread_known = true;
  Region region = Region::elsewhere;
  std::uint64_t offset = 0;    ///< from the beginning of the region
  int buffer = -1;             ///< index of the buffer that is meant; -1: none
  std::uint64_t address = 0;   ///< wild_address
  const char* file = nullptr;  ///< array_bounds: what the compiler said
  const char* array_type = nullptr;
  int line = 0;
  std::int64_t index = 0;
  std::uint64_t count = 1;
};

/// Thrown through the executor when a kernel cannot go on; the finding that says why has been added.
struct Stopped {};

class RawFindings {
 public:
  void add(const RawFinding& finding) {
    const Key key{finding.mistake, finding.actor.code, finding.other.code, finding.buffer};
    const auto [at, fresh] = found_.try_emplace(key, finding);
    at->second.count += fresh ? 0 : 1;
  }
  template <class Use>
  void for_each(Use use) const {
    for (const auto& [key, finding] : found_) {
      use(finding);
    }
  }
  void clear() { found_.clear(); }

 private:
  using Key = std::tuple<Mistake, std::uint32_t, std::uint32_t, int>;
  std::map<Key, RawFinding> found_;
};

}  // namespace alab::counted
