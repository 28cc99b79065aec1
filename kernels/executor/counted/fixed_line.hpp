// A source line that signal handlers can hold. SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>

namespace alab::counted {

struct FixedLine {
  std::int32_t line = 0;  ///< 0: unknown
  std::array<char, 240> file{};
};

}  // namespace alab::counted
