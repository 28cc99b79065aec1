// What a wrong output looks like, in words: a known mistake's output, or a simple relation to the truth.
// Nothing here knows the solution's source. SPDX-License-Identifier: MIT
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "kernels/student/outputs.hpp"

namespace alab::student {

struct Diagnosis {
  std::string kind;      ///< unwritten, not_a_number, zero, transposed, shifted, factor, row_factor, offset,
                         ///< same_matrix, region, order, known_mistake
  std::string sentence;  ///< fit to be shown
  std::string mistake;   ///< of a known one, its file
};

/// What the wrong output looks like: the most specific of these relations that holds. Empty when none does.
/// @param numbers  of the shape, to name factors
std::optional<Diagnosis> look_of(const JudgedOutput& output, double tolerance, const ParamSet& numbers);

/// Both are the outputs of one case: equal within tolerance, element by element where a number is missing.
bool same_outputs(std::span<const JudgedOutput> got, const HostArrays& other, double tolerance);
/// The mistake shows on this case: some output differs from the truth by more than ten times the tolerance.
bool mistake_shows(std::span<const JudgedOutput> outputs, const HostArrays& of_mistake, double tolerance);

}  // namespace alab::student
