// Our own generator, so that every compiler and standard library draws the same numbers.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

namespace alab {

/// xoshiro256** (Blackman, Vigna 2018), seeded through splitmix64. Same seed, same stream, everywhere.
class Rng {
 public:
  explicit Rng(std::uint64_t seed);
  std::uint64_t next();
  /// Uniform in [0, 1), 53 bits.
  double uniform();
  double uniform(double low, double high) { return low + (high - low) * uniform(); }
  /// Uniform in {0, ..., n - 1}; n >= 1, without modulo bias.
  std::uint64_t below(std::uint64_t n);
  /// Standard normal by Box-Muller (both values used).
  double normal();

 private:
  std::array<std::uint64_t, 4> state_{};
  double spare_ = 0;
  bool has_spare_ = false;
};

}  // namespace alab
