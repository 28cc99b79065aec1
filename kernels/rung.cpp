// Look-ups over the generated lists of ops and rungs.
// SPDX-License-Identifier: MIT
#include "kernels/rung.hpp"

#include <algorithm>

namespace alab {

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
