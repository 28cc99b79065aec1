// Sentences about mistakes.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string>
#include <vector>

#include "kernels/executor/block_runner.hpp"
#include "kernels/executor/counted/global_shadow.hpp"
#include "kernels/executor/counted/raw_findings.hpp"
#include "kernels/executor/fault.hpp"
#include "kernels/executor/launch_record.hpp"

namespace alab::counted {

/// What is needed to speak about a finding.
struct Scene {
  const executor::Launch& launch;
  std::span<const Buffer> buffers;
  std::uintptr_t code_base = 0;
  std::uint64_t thread_budget = 0;
};

Finding describe(const RawFinding& raw, const Scene& scene);
/// A fault that ended the launch.
Finding describe(const executor::Fault& fault);

/// One finding per mistake, buffer and pair of lines, sorted by line; counts are added up.
std::vector<Finding> deduplicated(std::vector<Finding> findings);

}  // namespace alab::counted
