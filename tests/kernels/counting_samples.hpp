// Kernels of the counted build's tests.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "kernels/executor/counted/profile.hpp"
#include "kernels/rung.hpp"

namespace alab::samples {

/// A kernel and the counters that its one launch must have.
struct Counting {
  std::string_view name;
  void (*run)(Stream& stream);
  std::vector<std::pair<std::string_view, double>> expected;
};

/// A kernel that is wrong in one way. Its lines end in "// <- mark" and, the other one of a race, "// <-
/// mark, other".
struct Planted {
  std::string_view mark;
  void (*run)(Stream& stream);
  counted::Mistake mistake;
  std::vector<std::string_view> words;  ///< of the sentence
};

}  // namespace alab::samples

namespace alab::counted_build {
std::span<const samples::Counting> counting_samples();
std::span<const samples::Planted> planted_mistakes();
/// Right kernels that a careless detector would complain about.
std::span<const samples::Planted> intact_kernels();
}  // namespace alab::counted_build

namespace alab::cuda_build {
std::span<const samples::Counting> counting_samples();
std::span<const samples::Planted> planted_mistakes();
std::span<const samples::Planted> intact_kernels();
}  // namespace alab::cuda_build
