// One warp request at a time: what the hardware and the counted executor make of it is compared.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/rung.hpp"

namespace alab::samples {

/// Every thread loads (or stores) one element of `bytes` bytes at index offset + stride * place(thread).
struct AccessProbe {
  enum class Memory { global, shared };
  enum class Place { thread, reversed, pairs, one };  ///< t, 31 - t within a warp, t / 2, 0
  Memory memory = Memory::global;
  bool store = false;
  int bytes = 4, stride = 1, offset = 0;
  Place place = Place::thread;
  std::uint32_t lanes = 0xFFFFFFFFu;  ///< of each warp, those that take part

  std::string name() const;
};

/// One warp whose lane l loads (or stores) element index[l] of a shared array of `bytes`-byte elements.
struct SharedPattern {
  std::string family;
  bool store = false;
  int bytes = 8;
  std::uint32_t lanes = 0xFFFFFFFFu;
  std::array<std::int32_t, 32> index{};
};

/// A fixed kernel: transposes, 16-bit pairs.
struct FixedProbe {
  std::string_view name;
  void (*run)(Stream& stream);
};

/// Strides, offsets, widths, broadcasts, inactive lanes.
std::vector<AccessProbe> access_probes();
/// Equal addresses in neighbouring lanes of all, half and a quarter of the warp, with and without inactive
/// lanes: what the 966 patterns of tests/kernels/data leave open.
std::vector<SharedPattern> shared_patterns();

}  // namespace alab::samples

#define ALAB_ACCESS_PROBES                                                 \
  void run_probe(Stream& stream, const samples::AccessProbe& probe);       \
  void run_pattern(Stream& stream, const samples::SharedPattern& pattern); \
  std::span<const samples::FixedProbe> fixed_probes();

namespace alab::counted_build {
ALAB_ACCESS_PROBES
}
namespace alab::cuda_build {
ALAB_ACCESS_PROBES
}
