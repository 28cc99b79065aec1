// SPDX-License-Identifier: MIT
#include "kernels/student/call.hpp"

#include "reference/core/error.hpp"

namespace alab::student {

double Call::number(std::string_view name) const {
  const auto at = numbers_.find(name);
  if (at == numbers_.end()) {
    std::string known;
    for (const auto& [key, value] : numbers_) {
      known += (known.empty() ? "" : ", ") + key;
    }
    throw Error(text("the shape has no number '", name, "': it has ", known));
  }
  return at->second;
}

}  // namespace alab::student
