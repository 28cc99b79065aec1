// Every rung on every shape of its op, on every backend that this machine has, held to double precision.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <filesystem>
#include <map>
#include <set>

#include "tests/folders.hpp"
#include "tests/kernels/shaped.hpp"

using namespace alab;

namespace {

const Op& op_of(const RungBuild& build) {
  const Op* op = find_op(build.rung->op);
  REQUIRE_MESSAGE(op != nullptr, "no op named ", build.rung->op);
  return *op;
}

void report(const RungRun& run) {
  for (const Check& check : run.checks) {
    CHECK_MESSAGE(check.passed(), check.key, ": ", check.value, " outside ", check.low, " .. ", check.high,
                  "; ", check.detail);
  }
  CHECK(run.passed);
}

std::size_t run_all(std::span<const RungBuild* const> builds, Backend backend, Stream::Order order) {
  std::size_t refused = 0;
  for (const RungBuild* build : builds) {
    const Op& op = op_of(*build);
    for (const std::string_view shape : op.shapes) {
      const std::string name = text(to_string(backend), " ", op.id, "/", build->rung->id, " ", shape);
      CAPTURE(name);
      const Shaped& s = shaped(op, shape);
      RunOptions options;
      options.order = order;
      options.timed = false;
      const RungRun run = run_rung(op, *build, backend, s.problem, ParamSet(build->rung->tiles), s.inputs,
                                   s.judged, options, {});
      if (!run.unsupported.empty()) {
        ++refused;
        MESSAGE(name, " is unsupported: ", run.unsupported);
        CHECK(run.checks.empty());
      } else {
        report(run);
      }
    }
  }
  return refused;
}

}  // namespace

TEST_CASE("every rung passes every shape of its op on the executor") {
  std::size_t refused = 0;
  SUBCASE("blocks and threads ascending") {
    refused = run_all(executor_rungs(), Backend::simulated, Stream::Order::ascending);
  }
  SUBCASE("blocks and threads descending") {
    refused = run_all(executor_rungs(), Backend::simulated, Stream::Order::descending);
  }
  SUBCASE("blocks and threads shuffled") {
    refused = run_all(executor_rungs(), Backend::simulated, Stream::Order::shuffled);
  }
  MESSAGE(refused, " combinations are unsupported");
}

TEST_CASE("every rung passes every shape of its op on the GPU") {
  if (!cuda_device().usable) {
    MESSAGE("skipped: ", cuda_device().unavailable);
    return;
  }
  MESSAGE("GPU: ", cuda_device().name, ", ", cuda_device().driver);
  run_all(cuda_rungs(), Backend::cuda, Stream::Order::ascending);
}

TEST_CASE("a rung that says it is deterministic gives the same bits in every order") {
  for (const RungBuild* build : executor_rungs()) {
    if (!build->rung->deterministic) {
      continue;
    }
    const Op& op = op_of(*build);
    const Shaped& s = shaped(op, op.shapes[std::min<std::size_t>(2, op.shapes.size() - 1)]);
    const std::string name = text(op.id, "/", build->rung->id);
    CAPTURE(name);
    std::vector<HostArrays> outputs;
    for (const Stream::Order order :
         {Stream::Order::ascending, Stream::Order::descending, Stream::Order::shuffled}) {
      RunOptions options;
      options.order = order;
      options.timed = false;
      outputs.push_back(run_rung(op, *build, Backend::simulated, s.problem, ParamSet(build->rung->tiles),
                                 s.inputs, s.judged, options, {})
                            .outputs);
    }
    CHECK(outputs[0].f32 == outputs[1].f32);
    CHECK(outputs[0].i32 == outputs[1].i32);
    CHECK(outputs[0].f32 == outputs[2].f32);
    CHECK(outputs[0].i32 == outputs[2].i32);
  }
}

TEST_CASE("the folder's and file's names are the rung's, and its texts are there") {
  const std::filesystem::path kernels = std::filesystem::path(alab::tests::source_folder()) / "kernels";
  std::set<std::string> seen;
  for (const RungBuild* build : executor_rungs()) {
    const Rung& rung = *build->rung;
    const std::string name = text(rung.op, "/", rung.id);
    CAPTURE(name);
    CHECK(std::filesystem::exists(kernels / rung.op / (std::string(rung.id) + ".cu")));
    CHECK(seen.insert(name).second);
    CHECK_FALSE(rung.title.empty());
    CHECK_FALSE(rung.teaches.empty());
    CHECK_FALSE(rung.limit.empty());
    CHECK_FALSE(rung.source.empty());
    CHECK(find_op(rung.op) != nullptr);
  }
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kernels)) {
    const std::string file = entry.path().filename().string();
    files += entry.path().extension() == ".cu" && file.size() > 3 && std::isdigit(file[0]) && file[2] == '_'
                 ? 1
                 : 0;
  }
  CHECK(files == executor_rungs().size());
  CHECK((cuda_rungs().empty() || cuda_rungs().size() == executor_rungs().size()));
}

TEST_CASE("a machine without a usable GPU says why and what to do") {
  const CudaDevice& device = cuda_device();
  if (device.usable) {
    CHECK(device.unavailable == "");
    CHECK_FALSE(device.name.empty());
    CHECK(device.sm >= 80);
  } else {
    CHECK(device.unavailable.size() > 40);
    CHECK(device.unavailable.find("CPU executor") != std::string::npos);
    const RungBuild& build = *executor_rungs().front();
    const Shaped& s = shaped(op_of(build), op_of(build).shapes.front());
    const RungRun run = run_rung(op_of(build), build, Backend::cuda, s.problem, ParamSet(build.rung->tiles),
                                 s.inputs, s.judged, {}, {});
    CHECK(run.unsupported == device.unavailable);
    CHECK_FALSE(run.passed);
  }
}
