// Operations by kind: expressions counted by hand, and rungs against the formulas of the field.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>

#include "kernels/executor/counted/flop_stream.hpp"
#include "kernels/profile_rung.hpp"
#include "tests/kernels/flops_samples.hpp"
#include "tests/kernels/shaped.hpp"

using namespace alab;
using counted::FlopCounts;
using counted::FlopKind;

#if defined(ALAB_HAVE_COUNTED)

namespace {

FlopCounts counts(std::initializer_list<std::pair<FlopKind, std::int64_t>> kinds) {
  FlopCounts c;
  for (const auto& [kind, n] : kinds) {
    c[kind] = static_cast<std::uint64_t>(n);
  }
  return c;
}

RungProfile profile_of(std::string_view op_id, std::string_view rung, std::string_view shape) {
  const Op& op = *find_op(op_id);
  const Shaped& s = shaped(op, shape);
  for (const RungBuild* build : rungs_of(op_id, counted_rungs())) {
    if (build->rung->id == rung) {
      return profile_rung(op, *build, s.problem, ParamSet(build->rung->tiles), s.inputs, s.judged, {}, {}, {},
                          CountFlops::yes);
    }
  }
  throw Error(text("no rung ", op_id, "/", rung));
}

// Of a rung with one launch.
FlopCounts operations(std::string_view op, std::string_view rung, std::string_view shape) {
  const RungProfile profile = profile_of(op, rung, shape);
  CHECK(profile.run.passed);
  CHECK(profile.flops_unavailable == "");
  REQUIRE(profile.launches.size() == 1);
  REQUIRE(profile.launches[0].flops);
  return *profile.launches[0].flops;
}

void check_equal(const FlopCounts& got, const FlopCounts& expected) {
  for (std::size_t i = 0; i < counted::kFlopKinds; ++i) {
    const auto kind = static_cast<FlopKind>(i);
    CHECK_MESSAGE(got[kind] == expected[kind], counted::counter_name(kind));
  }
}

// Lines are those of the rungs and their headers, in order, and add up to the launch.
void check_lines(const counted::LaunchProfile& launch) {
  FlopCounts sum;
  const counted::Line* before = nullptr;
  for (const counted::LineProfile& line : launch.lines) {
    CHECK_MESSAGE(line.line.file.starts_with("kernels/"), line.line.file, ":", line.line.line);
    CHECK((before == nullptr || *before < line.line));
    before = &line.line;
    sum += line.flops;
  }
  REQUIRE(launch.flops);
  check_equal(sum, *launch.flops);
}

}  // namespace

TEST_CASE("every expression counts as the operations it is, with the value it has in plain float") {
  for (const samples::Operations& sample : flops_build::in_sample_operations::operation_samples()) {
    counted::FlopStream stream;
    sample.run(stream);
    CAPTURE(sample.name);
    REQUIRE(stream.launches().size() == 1);
    FlopCounts expected;
    for (const auto& [kind, n] : sample.per_thread) {
      expected[kind] = n * samples::kOperationThreads;
    }
    check_equal(stream.launches()[0].flops, expected);
    float result = 0;
    stream.download(&result, stream.regions()[1].base, sizeof result);
    const double difference = std::abs(static_cast<double>(result) - sample.result);
    CHECK((static_cast<double>(result) == sample.result || difference <= 1e-5 * std::abs(sample.result)));
  }
}

TEST_CASE("only lanes that take part count") {
  counted::FlopStream stream;
  for (const int lanes : {0, 1, 10, 32}) {
    flops_build::in_sample_operations::run_some_lanes(stream, lanes);
    check_equal(stream.launches().back().flops, counts({{FlopKind::fmul, lanes}}));
  }
}

TEST_CASE("an operation belongs to the line it stands in: inlined, unrolled, in a loop, two kinds in one") {
  counted::FlopStream stream;
  const std::vector<samples::LineOperations> expected =
      flops_build::in_sample_operations::run_on_lines(stream);
  REQUIRE(stream.launches().size() == 1);
  const std::vector<counted::LineFlops>& lines = stream.launches()[0].lines;
  REQUIRE(lines.size() == expected.size());
  for (std::size_t i = 0; i < lines.size(); ++i) {
    CHECK(lines[i].line.file == "tests/kernels/flops/operations.cu");
    CHECK(lines[i].line.line == expected[i].line);
    FlopCounts operations;
    for (const auto& [kind, n] : expected[i].per_thread) {
      operations[kind] = n * samples::kOperationThreads;
    }
    check_equal(lines[i].flops, operations);
  }
}

TEST_CASE("launches on several OS threads and streams keep their counts apart") {
  counted::FlopStream one({}, 1), two({}, 2);
  const samples::Operations& sample = flops_build::in_sample_operations::operation_samples()[0];
  sample.run(one);
  sample.run(two);
  sample.run(one);
  REQUIRE(one.launches().size() == 2);
  CHECK(one.launches()[0].flops == one.launches()[1].flops);
  CHECK(one.launches()[0].flops == two.launches()[0].flops);
  CHECK(one.launches()[0].lines[0].flops == two.launches()[0].lines[0].flops);
}

TEST_CASE("the counting build has the rungs of the fast one, and every rung is right and counted in it") {
  REQUIRE(flops_rungs().size() == executor_rungs().size());
  for (const RungBuild* build : counted_rungs()) {
    const Op& op = *find_op(build->rung->op);
    const ParamSet tiles(build->rung->tiles);
    for (const std::string_view shape : {op.shapes.front(), op.shapes.back()}) {
      const Shaped& s = shaped(op, shape);
      if (op.cost(s.problem).flops > 2e7 ||
          (build->rung->unsupported != nullptr && !build->rung->unsupported(s.problem, tiles).empty())) {
        continue;
      }
      const std::string name = text(op.id, "/", build->rung->id, " ", shape);
      CAPTURE(name);
      const RungProfile profile =
          profile_rung(op, *build, s.problem, tiles, s.inputs, s.judged, {}, {}, {}, CountFlops::yes);
      CHECK(profile.run.passed);
      CHECK(profile.flops_unavailable == "");
      for (const Check& check : profile.run.checks) {
        CHECK_MESSAGE(check.passed(), check.key, ": ", check.detail);
      }
      for (const counted::LaunchProfile& launch : profile.launches) {
        check_lines(launch);
      }
    }
  }
}

TEST_CASE("a tiled product is 2 M N K, and M N scalings") {
  const std::int64_t m = 64, n = 64, k = 32;  // multiples of the tile of 32
  check_equal(operations("attention_scores", "20_tiled", "seq_len=64 head_dim=32"),
              counts({{FlopKind::ffma, m * n * k}, {FlopKind::fmul, m * n}}));
}

TEST_CASE("what a tiled product computes of its padding is counted, what a mask leaves out is not") {
  const std::int64_t m = 33, n = 33, k = 40, padded = 64, padded_k = 64;
  check_equal(operations("attention_scores", "20_tiled", "seq_len=33 head_dim=40"),
              counts({{FlopKind::ffma, padded * padded * padded_k}, {FlopKind::fmul, m * n}}));
  check_equal(operations("attention_scores", "00_naive", "seq_len=33 head_dim=40"),
              counts({{FlopKind::ffma, m * n * k}, {FlopKind::fmul, m * n}}));
}

TEST_CASE("the recurrence of linear attention: 4 T K V of products, 2 T K V for denominators") {
  const std::int64_t t = 50, k = 24, v = 40, heads = 2;
  const FlopCounts got =
      operations("causal_linear", "00_recurrent",
                 "seq_len=50 head_dim=24 head_dim_v=40 heads=2 feature_map=identity normalize=false");
  check_equal(got, counts({{FlopKind::ffma, heads * 3 * t * k * v},
                           {FlopKind::fmul, heads * t * k},
                           {FlopKind::fadd, heads * t * k}}));
  CHECK(got.flops() == static_cast<std::uint64_t>(heads * (6 * t * k * v + 2 * t * k)));
}

namespace {

// flash_fwd<32, 32> of n tokens, n a multiple of 32, over `tiles` pairs of tiles; d = head_dim = head_dim_v.
FlopCounts fa2_operations(std::int64_t n, std::int64_t d, std::int64_t tiles) {
  const std::int64_t block = 32, pairs = tiles * block * block, rows = tiles * block;
  return counts({{FlopKind::ffma, 2 * pairs * d + pairs + rows + rows * d},
                 {FlopKind::fadd, 2 * pairs + rows + n},
                 {FlopKind::exponential, pairs + rows},
                 {FlopKind::min_max, pairs},
                 {FlopKind::compare, rows + n * d + n},
                 {FlopKind::division, n * d},
                 {FlopKind::logarithm, n}});
}

}  // namespace

TEST_CASE("FA-2: 4 N^2 d in products, exponentials and rescaling beside them; hidden tiles cost nothing") {
  const std::int64_t n = 96, d = 48, tiles = 3;
  check_equal(operations("flash_attention_fwd", "30_fa2_order", "seq_len=96 head_dim=48"),
              fa2_operations(n, d, tiles * tiles));
  check_equal(operations("flash_attention_fwd", "30_fa2_order", "seq_len=96 head_dim=48 causal=true"),
              fa2_operations(n, d, tiles * (tiles + 1) / 2));
}

TEST_CASE("softmax of rows, by kind; a row without any visible score is not divided") {
  const std::int64_t rows = 3, cols = 300, threads = 256;
  check_equal(operations("softmax_rows", "00_naive", "rows=3 cols=300"),
              counts({{FlopKind::fadd, rows * (cols + threads - 1)},
                      {FlopKind::exponential, 2 * rows * cols},
                      {FlopKind::division, rows * cols},
                      {FlopKind::compare, rows * cols},
                      {FlopKind::logarithm, rows}}));
  const std::int64_t seen = rows - 1;
  check_equal(operations("softmax_rows", "10_safe", "rows=3 cols=300 masked=true"),
              counts({{FlopKind::fadd, rows * (2 * cols + threads - 1 + 1) + seen * cols},
                      {FlopKind::exponential, (rows + seen) * cols},
                      {FlopKind::division, seen * cols},
                      {FlopKind::min_max, rows * (cols + threads - 1)},
                      {FlopKind::compare, rows * (threads + cols)},
                      {FlopKind::logarithm, rows}}));
}

TEST_CASE("a launch's counters name its operations as Nsight Compute does, and FLOPs are their sum") {
  const RungProfile profile = profile_of("feature_elu1", "10_vectorised", "seq_len=20 head_dim=50");
  REQUIRE(profile.launches.size() == 1);
  double flops = -1, ffma = -1;
  for (const counted::Counter& c : counted::counters(profile.launches[0])) {
    flops = c.name == "flops" ? c.value : flops;
    ffma = c.name == "smsp__sass_thread_inst_executed_op_ffma_pred_on.sum" ? c.value : ffma;
  }
  CHECK(flops == static_cast<double>(profile.launches[0].flops->flops()));
  CHECK(ffma == 0);
}

#endif
