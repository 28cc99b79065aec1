// The rule for shared memory's wavefronts reproduces every request that was measured.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "kernels/executor/counted/banks.hpp"
#include "tests/folders.hpp"

using namespace alab;

#if defined(ALAB_HAVE_COUNTED)

namespace {

struct Measured {
  bool load = false;
  unsigned bytes = 0, wavefronts = 0, conflicts = 0;
  counted::LaneOffsets offsets{};
};

Measured parse(const std::string& line) {
  std::istringstream in(line);
  Measured m;
  std::string cell;
  const auto number = [&] {
    std::getline(in, cell, ',');
    return static_cast<unsigned>(std::stoul(cell));
  };
  std::getline(in, cell, ',');
  m.load = cell == "ld";
  m.bytes = number();
  m.wavefronts = number();
  m.conflicts = number();
  for (std::uint64_t& offset : m.offsets) {
    offset = 4 * std::uint64_t{number()};
  }
  return m;
}

}  // namespace

TEST_CASE("wavefronts and bank conflicts equal what 966 requests took on an H200") {
  std::ifstream file(alab::tests::source_folder() + "/tests/kernels/data/ncu_shared_memory_h200.csv");
  std::string line;
  std::getline(file, line);
  int rows = 0;
  while (std::getline(file, line)) {
    const Measured m = parse(line);
    const counted::SharedCost cost = counted::shared_cost(m.load, m.bytes, 0xFFFFFFFFu, m.offsets);
    CAPTURE(line);
    CHECK(cost.wavefronts == m.wavefronts);
    CHECK(cost.conflicts == m.conflicts);
    ++rows;
  }
  CHECK(rows == 966);
}

TEST_CASE("lanes that take no part need no wavefront") {
  counted::LaneOffsets offsets{};
  for (unsigned l = 0; l < 32; ++l) {
    offsets[l] = l * 128;  // one bank
  }
  CHECK(counted::shared_cost(true, 4, 0x0000000Fu, offsets).wavefronts == 4);
  CHECK(counted::shared_cost(true, 4, 0x0000000Fu, offsets).conflicts == 3);
  CHECK(counted::shared_cost(false, 16, 0x000000FFu, offsets).wavefronts == 8);
  CHECK(counted::shared_cost(true, 4, 0, offsets).wavefronts == 0);
}

#endif
