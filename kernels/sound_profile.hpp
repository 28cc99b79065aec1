// Whether what another process sent is a profile: every index, enumerator and extent is within what it stands
// for. Whether a number is true is not known. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>
#include <vector>

#include "kernels/executor/counted/profile.hpp"
#include "kernels/executor/counted/trace.hpp"
#include "reference/core/error.hpp"

namespace alab {

/// @throws Error when value is beyond the last of its kind
template <class Enum>
void require_known(Enum value, Enum last, std::string_view what) {
  using Number = std::underlying_type_t<Enum>;
  require(static_cast<Number>(value) >= 0 && static_cast<Number>(value) <= static_cast<Number>(last),
          "the answer has a ", what, " of no known kind: ", static_cast<long>(value));
}

/// @throws Error
void require_sound(const std::vector<counted::Finding>& findings);
void require_sound(const counted::LaunchProfile& launch);
void require_sound(const counted::RequestTrace& trace, std::size_t launches);

}  // namespace alab
