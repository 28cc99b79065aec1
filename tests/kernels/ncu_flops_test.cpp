// Additions, multiplications and multiply-adds of the rungs against what Nsight Compute measured on a GPU.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>

#include "kernels/executor/counted/flop_stream.hpp"
#include "kernels/profile_rung.hpp"
#include "reference/core/json.hpp"
#include "tests/folders.hpp"
#include "tests/kernels/shaped.hpp"

using namespace alab;
using counted::FlopCounts;
using counted::FlopKind;

#if defined(ALAB_HAVE_COUNTED)

namespace {

const Json& recorded() {
  static const Json json = read_json(alab::tests::source_folder() + "/assets/recorded/ncu_flops_h200.json");
  return json;
}

// name: "op/rung shape".
std::vector<FlopCounts> operations_of(const std::string& name) {
  const std::size_t slash = name.find('/'), space = name.find(' ');
  const std::string op_id = name.substr(0, slash), rung = name.substr(slash + 1, space - slash - 1);
  const Op* const op = find_op(op_id);
  REQUIRE(op != nullptr);
  const auto builds = rungs_of(op_id, flops_rungs());
  const auto build =
      std::find_if(builds.begin(), builds.end(), [&](const RungBuild* b) { return b->rung->id == rung; });
  REQUIRE(build != builds.end());
  ParamSet problem(op->params);
  problem.assign(name.substr(space + 1));
  const HostArrays inputs = op->inputs(problem, synthetic_inputs().front(), {});
  RunOptions once;
  once.timed = false;
  counted::FlopStream stream;
  const RungRun run =
      run_rung_on(stream, *op, **build, Backend::simulated, problem, ParamSet((*build)->rung->tiles), inputs,
                  judge(*op, problem, inputs), once, {});
  CHECK(run.passed);
  std::vector<FlopCounts> all;
  for (const counted::LaunchFlops& launch : stream.launches()) {
    all.push_back(launch.flops);
  }
  return all;
}

bool has_functions(const FlopCounts& c) {
  for (const FlopKind kind :
       {FlopKind::division, FlopKind::exponential, FlopKind::logarithm, FlopKind::square_root,
        FlopKind::reciprocal_root, FlopKind::sine_cosine, FlopKind::other_function}) {
    if (c[kind] > 0) {
      return true;
    }
  }
  return false;
}

// fadd, fmul, ffma with the code that nvcc 13.0 makes of a division, expf and logf of ordinary numbers.
std::array<std::uint64_t, 3> with_gpu_code(const FlopCounts& c) {
  const std::uint64_t e = c[FlopKind::exponential], l = c[FlopKind::logarithm];
  return {c[FlopKind::fadd] + e + l, c[FlopKind::fmul] + e + l,
          c[FlopKind::ffma] + 5 * c[FlopKind::division] + 4 * e + 11 * l};
}

}  // namespace

TEST_CASE(
    "operations that Nsight Compute measured: equal without functions, and with their code where it is "
    "known") {
  int launches = 0, plain = 0, plain_equal = 0, equal = 0;
  for (const Json& one : recorded().at("cases")) {
    const std::string name = one.at("name");
    CAPTURE(name);
    const std::vector<FlopCounts> counted = operations_of(name);
    REQUIRE(counted.size() == one.at("launches").size());
    for (std::size_t i = 0; i < counted.size(); ++i) {
      const auto measured = one.at("launches")[i].at("ncu").get<std::array<std::uint64_t, 3>>();
      const bool same = with_gpu_code(counted[i]) == measured;
      ++launches;
      equal += same ? 1 : 0;
      plain += has_functions(counted[i]) ? 0 : 1;
      plain_equal += same && !has_functions(counted[i]) ? 1 : 0;
    }
  }
  MESSAGE(plain_equal, " of ", plain, " launches without functions, ", equal, " of ", launches,
          " in all, on ", recorded().at("device").get<std::string>());
  CHECK(launches == 225);
  CHECK(plain == 72);
  CHECK(plain_equal >= 69);
  CHECK(equal >= 137);
}

#endif
