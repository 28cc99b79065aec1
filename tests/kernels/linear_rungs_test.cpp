// What the shapes of an op do not ask of the linear attention rungs: states handed on, the place where gates
// overflow, counts as the paper has them.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>

#include "kernels/backend.hpp"
#include "kernels/gla_problem.hpp"
#include "reference/linear_counts.hpp"

using namespace alab;

namespace {

constexpr double kSameMathematics = 5e-6;  // T32 of the curriculum: another order of the same sums
constexpr double kCumulativeLogs = 5e-5;   // T32x: an exponential of a difference of cumulative logs

ParamSet problem_of(const Op& op, std::string_view assignments) {
  ParamSet problem(op.params);
  problem.assign(assignments);
  return problem;
}

const Op& op_named(std::string_view id) {
  const Op* op = find_op(id);
  REQUIRE(op != nullptr);
  return *op;
}

RungRun run_once(const Op& op, const RungBuild& build, const ParamSet& problem, const HostArrays& inputs,
                 std::string_view tiles = "") {
  ParamSet tile_values(build.rung->tiles);
  tile_values.assign(tiles);
  RunOptions options;
  options.timed = false;
  return run_rung(op, build, Backend::simulated, problem, tile_values, inputs, judge(op, problem, inputs),
                  options, {});
}

Tensor<float> tokens(const Tensor<float>& x, std::int64_t first, std::int64_t count) {
  Tensor<float> out({x.extent(0), count, x.extent(2)});
  for (std::int64_t h = 0; h < x.extent(0); ++h) {
    for (std::int64_t i = 0; i < count * x.extent(2); ++i) {
      out[h * count * x.extent(2) + i] = x[(h * x.extent(1) + first) * x.extent(2) + i];
    }
  }
  return out;
}

HostArrays part(const HostArrays& all, std::int64_t first, std::int64_t count) {
  HostArrays out = all;
  for (auto& [name, tensor] : out.f32) {
    if (name == "q" || name == "k" || name == "v" || name == "g") {
      tensor = tokens(tensor, first, count);
    }
  }
  return out;
}

double distance(const Tensor<float>& got, const Tensor<float>& want) {
  return difference<float>(got.span(), want.cast<double>().span()).rel_l2;
}

// The whole sequence in one pass, and in two with the state handed on, must agree.
void check_two_halves(std::string_view op_id, std::string_view sizes) {
  const Op& op = op_named(op_id);
  const std::int64_t first = 37;
  const std::int64_t rest = 70;
  const ParamSet whole = problem_of(op, text("seq_len=", first + rest, " pass_state=true ", sizes));
  const HostArrays inputs = op.inputs(whole, synthetic_inputs().front(), {});
  for (const RungBuild* build : rungs_of(op_id, executor_rungs())) {
    const std::string name = text(op_id, "/", build->rung->id);
    CAPTURE(name);
    const RungRun once = run_once(op, *build, whole, inputs);
    if (!once.unsupported.empty()) {
      continue;
    }
    REQUIRE(once.passed);
    const ParamSet early = problem_of(op, text("seq_len=", first, " pass_state=true ", sizes));
    const RungRun one = run_once(op, *build, early, part(inputs, 0, first));
    HostArrays handed_on = part(inputs, first, rest);
    handed_on.f32["S0"] = one.outputs.f32.at("S");
    if (one.outputs.f32.contains("z")) {
      handed_on.f32["z0"] = one.outputs.f32.at("z");
    }
    const ParamSet late = problem_of(op, text("seq_len=", rest, " pass_state=true ", sizes));
    const RungRun two = run_once(op, *build, late, handed_on);
    REQUIRE(one.passed);
    REQUIRE(two.passed);
    const Tensor<float>& o = once.outputs.f32.at("o");
    CHECK(distance(one.outputs.f32.at("o"), tokens(o, 0, first)) <= kSameMathematics);
    CHECK(distance(two.outputs.f32.at("o"), tokens(o, first, rest)) <= kSameMathematics);
    CHECK(distance(two.outputs.f32.at("S"), once.outputs.f32.at("S")) <= kSameMathematics);
    if (one.outputs.f32.contains("z")) {
      CHECK(distance(two.outputs.f32.at("z"), once.outputs.f32.at("z")) <= kSameMathematics);
    }
  }
}

const RungBuild& rung_named(std::string_view op, std::string_view id) {
  for (const RungBuild* build : rungs_of(op, executor_rungs())) {
    if (build->rung->id == id) {
      return *build;
    }
  }
  throw Error(text("no rung ", op, "/", id));
}

// The first token of a run at which some k / B, B the product of the gates since `start`, is not finite.
std::int64_t first_overflow_of(const HostArrays& inputs, std::int64_t chunk) {
  const Tensor<float>& k = inputs.f32.at("k");
  const Tensor<float>& g = inputs.f32.at("g");
  std::vector<float> b(static_cast<std::size_t>(k.extent(2)));
  for (std::int64_t t = 0; t < k.extent(1); ++t) {
    for (std::int64_t c = 0; c < k.extent(2); ++c) {
      float& product = b[static_cast<std::size_t>(c)];
      product = (t % chunk == 0 ? 1.0F : product) * std::exp(g(0, t, c));
      if (!std::isfinite(k(0, t, c) / product)) {
        return t;
      }
    }
  }
  return -1;
}

std::int64_t first_not_finite(const Tensor<float>& o) {
  for (std::int64_t i = 0; i < o.size(); ++i) {
    if (!std::isfinite(o[i])) {
      return i / o.extent(2);
    }
  }
  return -1;
}

}  // namespace

TEST_CASE("a sequence in two halves with the state handed on equals one pass") {
  check_two_halves("causal_linear", "head_dim=40 head_dim_v=24 heads=2");
  check_two_halves("causal_linear", "head_dim=16 head_dim_v=40 feature_map=identity normalize=false");
  check_two_halves("gla", "head_dim=40 head_dim_v=24 heads=2");
  check_two_halves("gla", "head_dim=16 head_dim_v=40 alpha_min=0.1 alpha_max=0.5");
}

TEST_CASE("every size of a tile gives the same result") {
  const std::pair<std::string_view, std::vector<std::string_view>> cases[] = {
      {"10_two_pass_chunk", {"chunk=16", "chunk=32 block_v=64", "block_v=128"}},
      {"20_fused_chunk", {"chunk=16", "chunk=32 block_v=64", "block_v=128"}},
      {"30_split_sequence", {"segments=1", "segments=3", "segments=64"}}};
  const Op& op = op_named("causal_linear");
  const ParamSet problem = problem_of(op, "seq_len=200 head_dim=40 head_dim_v=70 pass_state=true");
  const HostArrays inputs = op.inputs(problem, synthetic_inputs().front(), {});
  for (const auto& [id, all] : cases) {
    for (const std::string_view tiles : all) {
      CAPTURE(tiles);
      CHECK(run_once(op, rung_named("causal_linear", id), problem, inputs, tiles).passed);
    }
  }
  const Op& gla = op_named("gla");
  const ParamSet strong =
      problem_of(gla, "seq_len=150 head_dim=40 head_dim_v=70 alpha_min=0.01 alpha_max=0.1");
  const HostArrays gated = gla.inputs(strong, synthetic_inputs().front(), {});
  for (const std::string_view tiles : {"chunk=32", "block_v=64", "sub_chunk=8", "chunk=32 sub_chunk=32"}) {
    CAPTURE(tiles);
    CHECK(run_once(gla, rung_named("gla", "30_two_level"), strong, gated, tiles).passed);
  }
}

TEST_CASE("gated forms that divide by cumulative gates break at the predicted token, the others do not") {
  const Op& op = op_named("gla");
  struct Case {
    std::string_view rung, gates;
    std::int64_t chunk;
  };
  // 0.9 throughout: 0.9^t leaves fp32 a little beyond t = 88 / 0.105. Gates in [.1, .5]: within a chunk
  // of 64.
  for (const Case& c :
       {Case{"05_naive_parallel", "seq_len=1024 head_dim=16 alpha_min=0.9 alpha_max=0.9", 1024},
        Case{"10_one_level_chunk", "seq_len=512 head_dim=16 alpha_min=0.1 alpha_max=0.5", 64}}) {
    CAPTURE(c.rung);
    const ParamSet problem = problem_of(op, c.gates);
    const HostArrays inputs = op.inputs(problem, synthetic_inputs().front(), {});
    const RungBuild& build = rung_named("gla", c.rung);
    const RungRun refused = run_once(op, build, problem, inputs);
    CHECK(refused.unsupported.find("alpha_min = 0.") != std::string::npos);
    const RungRun broken = run_once(op, build, problem, inputs, "refuse_overflow=false");
    CHECK_FALSE(broken.passed);
    const std::int64_t predicted = first_overflow_of(inputs, c.chunk);
    CHECK(predicted > 0);
    CHECK(first_not_finite(broken.outputs.f32.at("o")) == predicted);
    for (const std::string_view safe : {"00_recurrent", "20_log_space", "30_two_level"}) {
      CAPTURE(safe);
      CHECK(run_once(op, rung_named("gla", safe), problem, inputs).passed);
    }
  }
}

TEST_CASE("a gate of -infinity forgets everything and leaves no NaN behind") {
  const Op& op = op_named("gla");
  const ParamSet problem = problem_of(op, "seq_len=100 head_dim=16");
  HostArrays inputs = op.inputs(problem, synthetic_inputs().front(), {});
  for (std::int64_t c = 0; c < 16; ++c) {
    inputs.f32.at("g")(0, 41, c) = -std::numeric_limits<float>::infinity();
  }
  const ParamSet rest = problem_of(op, "seq_len=59 head_dim=16");
  for (const std::string_view id : {"00_recurrent", "20_log_space", "30_two_level"}) {
    CAPTURE(id);
    const RungBuild& build = rung_named("gla", id);
    const RungRun whole = run_once(op, build, problem, inputs);
    const RungRun alone = run_once(op, build, rest, part(inputs, 41, 59));
    CHECK(distance(tokens(whole.outputs.f32.at("o"), 41, 59), alone.outputs.f32.at("o")) <= kCumulativeLogs);
  }
}

TEST_CASE("modelled accesses are FlashLinearAttention's when one block owns a head") {
  const Op& op = op_named("causal_linear");
  for (const std::int64_t d : {32, 64, 128}) {
    const std::int64_t n = 512;
    const ParamSet problem = problem_of(op, text("seq_len=", n, " head_dim=", d, " normalize=false"));
    for (const std::int64_t chunk : {16, 64}) {
      CAPTURE(d);
      CAPTURE(chunk);
      const auto modelled = [&](std::string_view id) {
        const Rung& rung = *rung_named("causal_linear", id).rung;
        ParamSet tiles(rung.tiles);
        tiles.assign(text("chunk=", chunk, " block_v=128"));
        return rung.modelled_accesses(problem, tiles);
      };
      CHECK(modelled("20_fused_chunk") == static_cast<double>(4 * n * d));
      CHECK(modelled("10_two_pass_chunk") == static_cast<double>(6 * n * d + 2 * (n / chunk) * d * d));
      CHECK(modelled("20_fused_chunk") ==
            static_cast<double>(flash_linear_accesses(n, chunk, d, d, false).total()));
      CHECK(modelled("10_two_pass_chunk") ==
            static_cast<double>(flash_linear_accesses(n, chunk, d, d, true).total()));
    }
  }
}
