// The three-forms view on a made-up op, so that what it draws is known beforehand.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>

#include "labs/common/three_forms.hpp"
#include "tests/labs/walk.hpp"

using namespace alab;

namespace {

/// "Output" i, computed in any form; costs are simple functions of the chunk size.
ThreeForms counting_op(std::int64_t n) {
  ThreeForms op;
  op.name = "counting";
  op.truth = Tensor<double>({1, n, 1});
  for (std::int64_t i = 0; i < n; ++i) {
    op.truth(0, i, 0) = static_cast<double>(i + 1);
  }
  const Tensor<float> out = op.truth.cast<float>();
  op.parallel = [=](const Progress&) { return FormRun{out, 100, 200, 300}; };
  op.recurrent = [=](const Progress&) { return FormRun{out, 10, 20, 30}; };
  op.chunkwise = [=](std::int64_t c, const Progress& progress) {
    progress.step(0, "counting");
    return FormRun{out, static_cast<double>(c), 1000 / static_cast<double>(c), 1};
  };
  op.flops = op.bytes = op.temporary = {Provenance::counted, "a made-up op"};
  return op;
}

}  // namespace

TEST_CASE("three forms: chunk sizes double from 1 to N and hold the chosen one") {
  CHECK(chunk_sizes(1, 1) == std::vector<std::int64_t>{1});
  CHECK(chunk_sizes(8, 3) == std::vector<std::int64_t>{1, 2, 3, 4, 8});
  CHECK(chunk_sizes(100, 64) == std::vector<std::int64_t>{1, 2, 4, 8, 16, 32, 64, 100});
  CHECK_THROWS_AS(chunk_sizes(8, 9), Error);
  CHECK_THROWS_AS(chunk_sizes(8, 0), Error);
}

TEST_CASE("three forms: table, plots, map, scalars and checks say what the op gave") {
  for (const std::int64_t n : {1, 2, 7, 100}) {
    Result result;
    add_three_forms(result, counting_op(n), std::min<std::int64_t>(n, 3), false, {});
    CHECK(problems_of(result) == "");
    CHECK(walk::failures_of(result) == "");
    CHECK(result.checks.size() == 4);
    CHECK(result.passed());
    CHECK(result.scalar("error_parallel")->value == 0);
    CHECK(result.scalar("flops_recurrent")->value == 10);
    CHECK(result.scalar("flops_chunkwise")->value == static_cast<double>(std::min<std::int64_t>(n, 3)));
    CHECK(result.scalar("temporary_parallel")->value == 4 * 300);
    CHECK(result.table("three_forms")->rows.size() == 3);
    CHECK(result.table("chunk_sizes")->rows.size() == chunk_sizes(n, std::min<std::int64_t>(n, 3)).size());
  }
}

TEST_CASE("three forms: pairs inside a chunk are scores, all earlier ones go through the state") {
  Result result;
  add_three_forms(result, counting_op(12), 5, false, {});
  const Heatmap& map = *result.heatmap("forms_pairs");
  REQUIRE(map.rows == 12);
  for (std::int64_t i = 0; i < 12; ++i) {
    for (std::int64_t j = 0; j < 12; ++j) {
      const float share = map.values[static_cast<std::size_t>(i * 12 + j)];
      if (j > i) {
        CHECK(std::isnan(share));
      } else {
        CHECK(share == (i / 5 == j / 5 ? 1.0F : 0.0F));
      }
    }
  }
}

TEST_CASE(
    "three forms: a wrong, a short and a NaN output fail; a form that is meant to break is only shown") {
  const auto spoilt = [](const std::function<void(Tensor<float>&)>& spoil, double tolerance) {
    ThreeForms op = counting_op(10);
    Tensor<float> out = op.truth.cast<float>();
    spoil(out);
    op.chunkwise = [out](std::int64_t, const Progress&) { return FormRun{out, 1, 1, 1}; };
    op.tolerance_chunkwise = tolerance;
    Result result;
    add_three_forms(result, op, 5, false, {});
    return result;
  };
  CHECK(!spoilt([](Tensor<float>& o) { o(0, 9, 0) = 0; }, 5e-6).passed());
  CHECK(!spoilt([](Tensor<float>& o) { o(0, 3, 0) = std::nanf(""); }, 5e-6).passed());
  CHECK(!spoilt([](Tensor<float>& o) { o(0, 0, 0) = 1.01F; }, 5e-6).check("pass_every_chunk")->passed());
  const Result shown = spoilt([](Tensor<float>& o) { o(0, 3, 0) = std::nanf(""); }, 0);
  CHECK(shown.passed());
  CHECK(std::isnan(shown.scalar("error_chunkwise")->value));
  CHECK(shown.check("pass_every_chunk") == nullptr);
}

TEST_CASE("three forms: a sweep stops when asked to") {
  std::stop_source stop;
  stop.request_stop();
  Result result;
  CHECK_THROWS_AS(add_three_forms(result, counting_op(10), 5, false, {stop.get_token(), {}}), Cancelled);
}
