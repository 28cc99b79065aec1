// What a compiled kernel asks of the program that it becomes part of, read from its object file.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace alab::student {

struct ObjectRefusal {
  std::string name;      ///< of the function, as it stands in the source; may be empty
  std::string sentence;  ///< for its author
};

/// What keeps an object of the counted build from being linked: functions that are not on a GPU, code that
/// would run at load, more kinds of code than a kernel has. Empty: none. Bytes that are no object are refused
/// as well.
std::vector<ObjectRefusal> refusals_of_object(std::string_view object);

}  // namespace alab::student
