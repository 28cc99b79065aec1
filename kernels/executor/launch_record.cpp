// CUDA's limits on a launch (CUDA C++ Programming Guide, compute capabilities 8.x and 9.0).
// SPDX-License-Identifier: MIT
#include "kernels/executor/launch_record.hpp"

#include "kernels/executor/fault.hpp"
#include "kernels/executor/short_file.hpp"

namespace alab::executor {

std::string describe(Site where) {
  return text(short_file(where.file_name()), ":", where.line());
}

void check_limits(const Launch& launch) {
  const dim3 &g = launch.grid, &b = launch.block;
  const std::string where = describe(launch.where);
  const auto within = [&](bool ok, const auto&... message) {
    if (!ok) {
      throw Fault(FaultKind::launch_limits, text("launch in ", where, ": ", message...), launch.where);
    }
  };
  within(g.x > 0 && g.y > 0 && g.z > 0, "grid (", g.x, ", ", g.y, ", ", g.z,
         ") is empty: every extent is at least 1");
  within(g.x <= 2147483647u && g.y <= 65535u && g.z <= 65535u, "grid (", g.x, ", ", g.y, ", ", g.z,
         ") is over CUDA's limit (2147483647, 65535, 65535): put the long extent in x");
  within(b.x > 0 && b.y > 0 && b.z > 0 && b.x <= 1024 && b.y <= 1024 && b.z <= 64 &&
             std::uint64_t{b.x} * b.y * b.z <= 1024,
         "block (", b.x, ", ", b.y, ", ", b.z,
         ") is outside CUDA's limits: extents 1 to (1024, 1024, 64) and at most 1024 threads");
  within(launch.dynamic_bytes <= 227 * 1024, launch.dynamic_bytes,
         " bytes of dynamic shared memory are over the 232448 that a block can have: use smaller tiles");
}

}  // namespace alab::executor
