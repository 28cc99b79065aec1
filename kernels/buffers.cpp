// SPDX-License-Identifier: MIT
#include "kernels/rung.hpp"
#include "reference/core/error.hpp"

namespace alab {

void* Buffers::find(std::string_view name) const {
  const auto at = pointers_.find(name);
  if (at == pointers_.end()) {
    std::string known;
    for (const auto& [key, pointer] : pointers_) {
      known += (known.empty() ? "" : ", ") + key;
    }
    throw Error(text("the op has no buffer '", name, "': its buffers are ", known));
  }
  return at->second;
}

}  // namespace alab
