// Where in an array the marked elements lie, in words. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "kernels/student/outputs.hpp"

namespace alab::student {

/// "rows 32..36", "columns 0..3 of head 1", "7 of 66 elements": what covers the marked elements. "" without
/// any.
std::string region_in_words(std::span<const std::uint8_t> marked, const Layout& layout);

/// "only rows 32..36 are wrong, the last of them", "head 0 is right, all others are wrong ...": when the
/// marked elements fill or avoid a simple part of the array. "" when they are spread over all of it.
std::string wrong_region(std::span<const std::uint8_t> wrong, const Layout& layout);

}  // namespace alab::student
