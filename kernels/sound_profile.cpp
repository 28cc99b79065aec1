// SPDX-License-Identifier: MIT
#include "kernels/sound_profile.hpp"

#include <algorithm>

#include "kernels/executor/counted/request_cost.hpp"

namespace alab {
namespace {

constexpr std::int64_t kFarthest = std::int64_t{1} << 48;

}  // namespace

void require_sound(const std::vector<counted::Finding>& findings) {
  for (const counted::Finding& f : findings) {
    require_known(f.mistake, counted::Mistake::other, "mistake");
  }
}

void require_sound(const counted::LaunchProfile& launch) {
  for (const auto& extents : {launch.grid, launch.block}) {
    require(std::all_of(extents.begin(), extents.end(), [](unsigned n) { return n > 0; }),
            "the answer has a launch of ", launch.kernel, " without blocks or threads");
  }
  require_sound(launch.findings);
}

void require_sound(const counted::RequestTrace& trace, std::size_t launches) {
  for (const counted::TracedRequest& r : trace.requests) {
    require(r.launch < launches && r.line >= 0 && static_cast<std::size_t>(r.line) < trace.lines.size() &&
                r.buffer >= -1 && r.buffer < static_cast<int>(trace.buffers.size()),
            "the answer has a memory request of no launch, line or buffer");
    require_known(r.kind, counted::RequestKind::atomic, "memory request");
    require_known(r.space, counted::RequestSpace::static_shared, "memory");
    require(std::all_of(r.offsets.begin(), r.offsets.end(),
                        [](std::int64_t at) { return -kFarthest < at && at < kFarthest; }),
            "the answer has a memory request farther than 2^48 bytes from its buffer");
    counted::cost_of(counted::shape_of(r));  // throws what is wrong with width or lanes
  }
}

}  // namespace alab
