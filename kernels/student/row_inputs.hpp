// Rows of numbers of the kinds that most exercises are judged on.
// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <string_view>

#include "reference/core/rng.hpp"
#include "reference/core/tensor.hpp"

namespace alab::student {

/// What rows_of_kind knows; the first is "random".
inline constexpr std::array<std::string_view, 6> kRowKinds{"random",    "zeros",      "constant",
                                                           "ascending", "descending", "spike"};

/// Rows [..., rows, width], every head its own numbers. random: standard normal. All others are one such row
/// per head times a factor of the row's place: zeros 0; constant 1; ascending 1/rows to 1; descending 1 to
/// 1/rows; spike 0, but 1 in the last row.
/// @throws Error: another kind, or fewer than two axes
Tensor<float> rows_of_kind(const Shape& shape, std::string_view kind, Rng& rng);

}  // namespace alab::student
