// Occupancy against values worked out by hand from the published limits, and the recorded registers.
// SPDX-License-Identifier: MIT
#include "kernels/occupancy.hpp"

#include <doctest/doctest.h>

#include "kernels/rung.hpp"
#include "reference/core/error.hpp"

using namespace alab;

namespace {

struct Case {
  int sm;
  BlockNeeds block;
  int blocks;
  double share;
  std::string_view limited_by;
};

constexpr std::int64_t kKiB = 1024;

}  // namespace

TEST_CASE("occupancy is what the vendor's calculator gives") {
  const Case cases[] = {
      // S-31 of the course: 256 threads of 64 registers on an A100: 8 warps x 2048 registers, 4 blocks = 50
      // %.
      {80, {256, 64, 0}, 4, 0.5, "registers"},
      {80, {256, 32, 0}, 8, 1.0, "warps, registers"},
      {80, {1024, 32, 0}, 2, 1.0, "warps, registers"},
      {80, {32, 16, 0}, 32, 0.5, "blocks"},
      // 37 registers: 1184 a warp are given as 1280; a quarter of 16384 holds 12 warps, 48 in all, 6 blocks
      // of 8.
      {80, {256, 37, 0}, 6, 0.75, "registers"},
      // 33 registers: 1280 as well. 3 warps a block: 48 / 3 = 16 blocks.
      {80, {96, 33, 0}, 16, 0.75, "registers"},
      // 128 registers, 4096 a warp: 4 warps a quarter.
      {90, {128, 128, 0}, 4, 0.25, "registers"},
      // 255 registers: 8160 a warp are given as 8192: 2 warps a quarter, 8 in all.
      {90, {128, 255, 0}, 2, 0.125, "registers"},
      // 48 KiB and 1 KiB reserved: 164 / 49 = 3 blocks on sm_80, 228 / 49 = 4 on sm_90.
      {80, {256, 32, 48 * kKiB}, 3, 0.375, "shared memory"},
      {90, {256, 32, 48 * kKiB}, 4, 0.5, "shared memory"},
      // What a block may have at most fills the multiprocessor.
      {80, {128, 32, 163 * kKiB}, 1, 4.0 / 64, "shared memory"},
      {90, {128, 32, 227 * kKiB}, 1, 4.0 / 64, "shared memory"},
      {89, {128, 32, 99 * kKiB}, 1, 4.0 / 48, "shared memory"},
      // 81 KiB + 1 KiB: two blocks on sm_80, one byte more and there is one.
      {80, {128, 32, 81 * kKiB}, 2, 8.0 / 64, "shared memory"},
      {80, {128, 32, 81 * kKiB + 1}, 1, 4.0 / 64, "shared memory"},
      // Turing reserves nothing.
      {75, {256, 32, 32 * kKiB}, 2, 0.5, "shared memory"},
      {75, {1024, 32, 0}, 1, 1.0, "warps"},
      {86, {128, 40, 0}, 12, 1.0, "warps, registers"},
      {89, {64, 40, 0}, 24, 1.0, "warps, blocks, registers"},
      // 33 threads are two warps.
      {90, {33, 32, 0}, 32, 1.0, "warps, blocks, registers"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.sm);
    CAPTURE(c.block.threads);
    CAPTURE(c.block.registers);
    CAPTURE(c.block.shared_bytes);
    const Occupancy o = occupancy(*find_sm_limits(c.sm), c.block);
    CHECK(o.blocks == c.blocks);
    CHECK(o.share == doctest::Approx(c.share));
    CHECK(o.limited_by == c.limited_by);
    CHECK(o.not_launchable == "");
    CHECK(o.registers_known);
  }
}

TEST_CASE("what does not fit is said with the value and the limit") {
  const SmLimits& a100 = *find_sm_limits(80);
  const Occupancy shared = occupancy(a100, {128, 32, 163 * kKiB + 1});
  CHECK(shared.blocks == 0);
  CHECK(shared.not_launchable.find("166913 bytes") != std::string::npos);
  CHECK(shared.not_launchable.find("166912") != std::string::npos);
  // 1024 threads of 65 registers: 32 warps x 2304.
  const Occupancy registers = occupancy(a100, {1024, 65, 0});
  CHECK(registers.blocks == 0);
  CHECK(registers.not_launchable.find("65 registers") != std::string::npos);
  CHECK(occupancy(a100, {32, 256, 0}).blocks == 0);
  CHECK_THROWS_AS(occupancy(a100, {0, 32, 0}), Error);
  CHECK_THROWS_AS(occupancy(a100, {1025, 32, 0}), Error);
  CHECK_THROWS_AS(occupancy(a100, {32, -1, 0}), Error);
  CHECK(find_sm_limits(91) == nullptr);
}

TEST_CASE("unknown registers limit nothing, and it is said") {
  const Occupancy o = occupancy(*find_sm_limits(90), {256, 0, 0});
  CHECK(o.share == 1);
  CHECK(!o.registers_known);
  CHECK(o.limited_by == "warps");
}

TEST_CASE("recorded registers: from which file, compiler and day") {
  const auto naive = recorded_resources("softmax_rows", "00_naive", "softmax", 90);
  REQUIRE(naive);
  CHECK(naive->registers >= 8);
  CHECK(naive->static_shared_bytes == 1024);  // 256 floats
  CHECK(naive->provenance.kind == Provenance::recorded);
  CHECK(naive->provenance.source.find("registers.json, sm_90a: ") != std::string::npos);
  CHECK(recorded_resources("softmax_rows", "00_naive", "softmax", 89));  // runs the code of sm_80
  CHECK(!recorded_resources("softmax_rows", "00_naive", "softmax", 75));
  CHECK(!recorded_resources("softmax_rows", "00_naive", "no_kernel", 90));
  CHECK(!recorded_resources("softmax_rows", "99_none", "softmax", 90));
}
