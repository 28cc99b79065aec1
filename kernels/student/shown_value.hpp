// What a student's kernel shows of itself. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

namespace alab::student {

/// What a thread showed by lab::watch(name, value).
struct ShownValue {
  std::string name;
  std::uint64_t block = 0;  ///< linear
  std::uint32_t launch = 0;
  unsigned thread = 0;  ///< linear within the block
  float value = 0;
};

}  // namespace alab::student
