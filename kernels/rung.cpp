// Look-ups over the generated lists of ops and rungs.
// SPDX-License-Identifier: MIT
#include "kernels/rung.hpp"

#include <algorithm>

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

const Op* find_op(std::string_view id) {
  const auto ops = all_ops();
  const auto at = std::find_if(ops.begin(), ops.end(), [&](const Op* op) { return op->id == id; });
  return at == ops.end() ? nullptr : *at;
}

std::vector<const RungBuild*> rungs_of(std::string_view op, std::span<const RungBuild* const> builds) {
  std::vector<const RungBuild*> found;
  std::copy_if(builds.begin(), builds.end(), std::back_inserter(found),
               [&](const RungBuild* build) { return build->rung->op == op; });
  return found;
}

}  // namespace alab
