// Times only after a passed check, and no rank from noise.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "kernels/bench.hpp"

using namespace alab;

namespace {

BenchRow timed_row(double seconds, double spread, Backend backend = Backend::simulated) {
  BenchRow row;
  row.passed = true;
  row.seconds = seconds;
  row.spread = spread;
  row.backend = backend;
  return row;
}

}  // namespace

TEST_CASE("rows that noise cannot tell apart share a rank; rows without a time have none") {
  BenchRow failed = timed_row(0.5, 0);
  failed.passed = false;
  const std::vector<BenchRow> rows{timed_row(1.0, 0.1), timed_row(1.3, 0.1), timed_row(2.0, 0.1), failed,
                                   timed_row(9.0, 0.1, Backend::cuda)};
  CHECK_FALSE(distinguishable(rows[0], rows[1]));
  CHECK(distinguishable(rows[0], rows[2]));
  CHECK(ranks(rows) == std::vector<int>{1, 1, 3, 0, 1});
}

TEST_CASE("bench gives the plain form, every rung, and the reason when there is no GPU") {
  const Op& op = *all_ops().front();
  ParamSet problem(op.params);
  problem.assign(op.shapes.front());
  BenchOptions options;
  options.backends = {Backend::reference, Backend::simulated, Backend::cuda};
  options.repeats = 2;
  const std::vector<BenchRow> rows = bench(op, problem, synthetic_inputs().front(), options, {});
  const std::size_t rungs = rungs_of(op.id, executor_rungs()).size();
  REQUIRE(rows.size() == 1 + 2 * rungs);
  CHECK(rows[0].rung == "");
  CHECK(rows[0].timed());
  for (std::size_t i = 1; i < rows.size(); ++i) {
    CAPTURE(rows[i].rung);
    CHECK(rows[i].cost.flops == rows[0].cost.flops);
    if (rows[i].unsupported.empty()) {
      CHECK_MESSAGE(rows[i].passed, rows[i].failure);
      CHECK(rows[i].timed());
      CHECK(rows[i].error <= rows[i].tolerance);
    } else {
      CHECK_FALSE(rows[i].timed());
    }
  }
}

TEST_CASE("an unknown rung is refused with the nearest name") {
  const Op& op = *all_ops().front();
  BenchOptions options;
  options.rung = std::string(rungs_of(op.id, executor_rungs()).front()->rung->id) + "x";
  options.backends = {Backend::simulated};
  CHECK_THROWS_AS(bench(op, ParamSet(op.params), synthetic_inputs().front(), options, {}), Error);
}
