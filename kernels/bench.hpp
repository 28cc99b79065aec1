// Times of rungs side by side: checks first, then median and spread. Nothing that fails its check has a time.
// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "kernels/backend.hpp"

namespace alab {

/// One line of a benchmark: the op's plain form on the CPU (rung empty), or a rung on a backend.
struct BenchRow {
  std::string op, rung, title, tiles;
  Backend backend = Backend::simulated;
  std::string unsupported;  ///< not run, and why
  bool passed = false;
  std::string failure;              ///< the first failed check's words
  double error = 0, tolerance = 0;  ///< of the output that uses most of its tolerance
  double seconds = 0, spread = 0;   ///< 0 unless passed
  int repeats = 0;
  std::size_t peak_scratch_bytes = 0;
  Cost cost;              ///< of the problem: flops as the field counts them, compulsory bytes
  Provenance provenance;  ///< of the time

  bool timed() const { return passed && seconds > 0; }
  double flops_per_second() const { return timed() ? cost.flops / seconds : 0; }
};

struct BenchOptions {
  std::string rung;               ///< "" for all of the op
  std::vector<Backend> backends;  ///< reference: the op's plain form
  int repeats = 7;
  unsigned workers = 0;  ///< OS threads of the executor; 0: one per core
};

/// Rows in the order reference, then rungs by number, backends in the order given.
/// @param source  where the inputs come from; "normal" in tests
/// @throws Error on an unknown rung (naming the nearest) or a problem that the source cannot fill; Cancelled
std::vector<BenchRow> bench(const Op& op, const ParamSet& problem, const InputSource& source,
                            const BenchOptions& options, const Progress& progress);

/// Whether two times differ by more than their spreads together: smaller differences are noise and get no
/// rank.
bool distinguishable(const BenchRow& a, const BenchRow& b);
/// Rank of each row within its backend (1 = fastest); rows that noise cannot tell apart share one; 0: no
/// time.
std::vector<int> ranks(const std::vector<BenchRow>& rows);

}  // namespace alab
