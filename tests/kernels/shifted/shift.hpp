// The one subscript that is moved, for a build of the rungs in which any can be.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>

namespace alab::shifted {

/// Number of the subscript (executor::Subscript) that is moved; 0: none. Constant during a launch.
[[gnu::const]] std::uint32_t number() noexcept;
/// By how many elements; called when the subscript is evaluated.
std::ptrdiff_t distance() noexcept;

}  // namespace alab::shifted

#define alab_shift(which) \
  (::alab::shifted::number() == (which) ? ::alab::shifted::distance() : std::ptrdiff_t{0})
