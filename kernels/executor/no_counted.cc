// Stands in where the counted executor was not built.
// SPDX-License-Identifier: MIT
#include "kernels/profile_rung.hpp"
#include "reference/core/error.hpp"

namespace alab {

RungProfile profile_rung(const Op&, const RungBuild&, const ParamSet&, const ParamSet&, const HostArrays&,
                         const Judged&, const RunOptions&, const Progress&, const counted::TraceWish&,
                         CountFlops) {
  throw Error("no kernel can be counted here: " + counted_unavailable());
}

}  // namespace alab
