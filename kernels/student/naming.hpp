// Which known mistake, or which look, explains the failed runs of a check. SPDX-License-Identifier: MIT
#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "kernels/student/diagnosis.hpp"
#include "kernels/student/plan.hpp"

namespace alab::student {

/// A run whose outputs are wrong.
struct FailedRun {
  std::size_t run = 0;
  std::vector<JudgedOutput> outputs;
  double tolerance = 0;
};

/// The one with the most elements, the first of several: where a look says most.
const FailedRun& largest_of(const std::vector<FailedRun>& failed);

/// A known mistake whose outputs these are, on up to three of the runs; else that the result depends on the
/// order, when each order of the first input was run to its end; else how the outputs look. Empty when
/// nothing fits.
std::optional<Diagnosis> diagnose(const Exercise& exercise, const Manifest& manifest,
                                  const CaseRunner& runner, Plan& plan, const std::vector<FailedRun>& failed,
                                  const std::function<bool(std::size_t run)>& was_run,
                                  const Progress& progress);

}  // namespace alab::student
