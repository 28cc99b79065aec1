// The probes as data.
// SPDX-License-Identifier: MIT
#include "tests/kernels/access_probes.hpp"

#include "reference/core/error.hpp"
#include "reference/core/rng.hpp"

namespace alab::samples {
namespace {

using Memory = AccessProbe::Memory;
using Place = AccessProbe::Place;
using Index = std::array<std::int32_t, 32>;

constexpr int kPatternElements = 256;
constexpr int kDraws = 6;

constexpr const char* kPlaces[] = {"", " reversed", " in pairs", " all one"};

// The address of a lane is that of the lane `distance` away, for the lanes [first, first + count).
void agree(Index& index, unsigned distance, unsigned first, unsigned count) {
  for (unsigned lane = first; lane < first + count; ++lane) {
    index[lane] = index[lane & ~distance];
  }
}

struct Family {
  std::string_view name;
  void (*shape)(Index& index);
};

constexpr Family kFamilies[] = {
    {"all apart", [](Index&) {}},
    {"i = i^1, whole warp", [](Index& x) { agree(x, 1, 0, 32); }},
    {"i = i^2, whole warp", [](Index& x) { agree(x, 2, 0, 32); }},
    {"i = i^1, first half", [](Index& x) { agree(x, 1, 0, 16); }},
    {"i = i^1, second half", [](Index& x) { agree(x, 1, 16, 16); }},
    {"i = i^2, first half", [](Index& x) { agree(x, 2, 0, 16); }},
    {"i = i^2, second half", [](Index& x) { agree(x, 2, 16, 16); }},
    {"i = i^1, first half; i = i^2, second",
     [](Index& x) {
       agree(x, 1, 0, 16);
       agree(x, 2, 16, 16);
     }},
    {"i = i^1, first quarter", [](Index& x) { agree(x, 1, 0, 8); }},
    {"i = i^1, quarters 1 and 3",
     [](Index& x) {
       agree(x, 1, 0, 8);
       agree(x, 1, 16, 8);
     }},
    {"i = i^1, quarters 1 and 3; i = i^2, 2 and 4",
     [](Index& x) {
       agree(x, 1, 0, 8);
       agree(x, 2, 8, 8);
       agree(x, 1, 16, 8);
       agree(x, 2, 24, 8);
     }},
    {"all one", [](Index& x) { x.fill(x[0]); }},
};

struct Lanes {
  std::string_view name;
  std::uint32_t (*of)(Rng& rng);
};

std::uint32_t any_lanes(Rng& rng) {
  return static_cast<std::uint32_t>(rng.next() >> 32);
}

constexpr Lanes kLanes[] = {
    {"all lanes", [](Rng&) { return 0xFFFFFFFFu; }},
    {"even lanes", [](Rng&) { return 0x55555555u; }},
    {"lower half", [](Rng&) { return 0x0000FFFFu; }},
    {"first quarter", [](Rng&) { return 0x000000FFu; }},
    {"any lanes", [](Rng& rng) { return any_lanes(rng) | 1u; }},
    {"one of some pairs", [](Rng& rng) { return any_lanes(rng) | 0x55555555u; }},
};

SharedPattern pattern(const Family& family, const Lanes& lanes, bool store, int bytes, Rng& rng) {
  SharedPattern p{
      text(store ? "st " : "ld ", bytes, " B, ", family.name, ", ", lanes.name), store, bytes, 0, {}};
  for (std::int32_t& i : p.index) {
    i = static_cast<std::int32_t>(rng.next() % kPatternElements);
  }
  family.shape(p.index);
  p.lanes = lanes.of(rng);
  return p;
}

}  // namespace

std::string AccessProbe::name() const {
  return text(memory == Memory::global ? "global " : "shared ", store ? "st " : "ld ", bytes, " B, stride ",
              stride, offset != 0 ? text(" from ", offset) : "", kPlaces[static_cast<int>(place)],
              lanes == 0xFFFFFFFFu ? "" : text(", lanes ", lanes));
}

std::vector<AccessProbe> access_probes() {
  std::vector<AccessProbe> all;
  for (const bool store : {false, true}) {
    for (const int stride : {1, 2, 3, 4, 7, 8, 16, 32, 33}) {
      all.push_back({Memory::global, store, 4, stride});
      all.push_back({Memory::shared, store, 4, stride});
    }
    for (const int offset : {1, 4, 7, 8}) {
      all.push_back({Memory::global, store, 4, 1, offset});
    }
    for (const int bytes : {2, 8, 16}) {
      for (const int stride : {1, 2, 5, 8}) {
        all.push_back({Memory::global, store, bytes, stride});
        all.push_back({Memory::shared, store, bytes, stride});
      }
    }
    for (const int bytes : {4, 8, 16}) {
      for (const Memory memory : {Memory::global, Memory::shared}) {
        all.push_back({memory, store, bytes, 1, 0, Place::reversed});
        for (const std::uint32_t lanes : {0x55555555u, 0x0000FFFFu, 0x00000001u, 0x80018421u}) {
          all.push_back({memory, store, bytes, 1, 0, Place::thread, lanes});
        }
        if (!store) {  // several lanes must not write one element
          all.push_back({memory, store, bytes, 1, 0, Place::pairs});
          all.push_back({memory, store, bytes, 1, 3, Place::one});
        }
      }
    }
  }
  return all;
}

std::vector<SharedPattern> shared_patterns() {
  std::vector<SharedPattern> all;
  Rng rng(2026);
  for (const int bytes : {8, 16}) {
    for (const Family& family : kFamilies) {
      for (const Lanes& lanes : kLanes) {
        for (int draw = 0; draw < kDraws; ++draw) {
          all.push_back(pattern(family, lanes, false, bytes, rng));
        }
      }
    }
  }
  for (const bool store : {false, true}) {
    for (const int bytes : {4, 8, 16}) {
      for (const Lanes& lanes : kLanes) {
        if (store || bytes == 4) {
          for (int draw = 0; draw < kDraws; ++draw) {
            all.push_back(pattern(kFamilies[0], lanes, store, bytes, rng));
          }
        }
      }
    }
  }
  return all;
}

}  // namespace alab::samples
