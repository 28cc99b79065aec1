// Causal linear attention: one case per pass of the walk-through with the curriculum's tolerance, then the
// facts behind the views. SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <cmath>

#include "kernels/profile_rung.hpp"
#include "labs/ch05_04_causal_linear/chunk_loops.hpp"
#include "labs/ch05_04_causal_linear/head.hpp"
#include "labs/ch05_04_causal_linear/wrong_kernels.hpp"
#include "reference/core/compare.hpp"
#include "tests/labs/walk.hpp"

using namespace alab;
using namespace alab::causal_linear;

namespace {

const Lab& lab() {
  const Lab* found = find_lab("ch05_04_causal_linear");
  require(found != nullptr, "the lab ch05_04_causal_linear is not in this build");
  return *found;
}

Result run(std::string_view experiment, std::string_view settings = "", std::string_view input = "normal") {
  const Experiment& e = walk::experiment_of(lab(), experiment);
  return walk::run(lab(), e, walk::settings(e, settings), walk::source(input));
}

double value(const Result& result, std::string_view scalar) {
  const Scalar* found = result.scalar(scalar);
  REQUIRE_MESSAGE(found != nullptr, scalar);
  return found->value;
}

const std::vector<double>& ys(const Result& result, std::string_view plot, std::string_view series) {
  for (const Series& s : result.plot(plot)->series) {
    if (s.key == series) {
      return s.ys;
    }
  }
  throw Error(text("no series '", series, "'"));
}

const Cell& cell(const Result& result, std::string_view table, std::size_t row, std::size_t column) {
  return result.table(table)->rows.at(row).at(column);
}

/// Rows [first, end) of a problem, on their own.
template <class T>
Tensor<T> rows(const Tensor<T>& x, std::int64_t first, std::int64_t end) {
  const std::int64_t n = x.extent(1), width = x.extent(2);
  Tensor<T> out({x.extent(0), end - first, width});
  for (std::int64_t h = 0; h < x.extent(0); ++h) {
    std::copy_n(x.data() + (h * n + first) * width, (end - first) * width,
                out.data() + h * (end - first) * width);
  }
  return out;
}

LinearAttentionProblem<float> part(const LinearAttentionProblem<float>& p, std::int64_t first,
                                   std::int64_t end) {
  return {rows(p.query, first, end), rows(p.key, first, end), rows(p.value, first, end)};
}

}  // namespace

TEST_CASE("causal linear 1: outputs move with v_j exactly for j <= i, in all three forms") {
  for (const char* settings : {"", "seq_len=1", "seq_len=33 chunk_size=7", "seq_len=64 chunk_size=64 seed=3",
                               "seq_len=20 head_dim=2 chunk_size=1"}) {
    const Result r = run("mask", settings);
    CHECK(r.check("pass_mask")->value == 0);
    CHECK(r.passed());
  }
  const Result r = run("mask", "seq_len=32");
  CHECK(value(r, "pairs") == 32 * 33 / 2);
  const Heatmap& map = *r.heatmap("influence");
  for (std::int64_t i = 0; i < 32; ++i) {
    for (std::int64_t j = 0; j < 32; ++j) {
      CHECK(std::isnan(map.values[static_cast<std::size_t>(i * 32 + j)]) == (j > i));
    }
  }
  CHECK(map.values[0] == doctest::Approx(1).epsilon(1e-6));
}

TEST_CASE("causal linear 2: at N = 4096 all forms keep relL2 <= 5e-6 for chunks 1, 7, 16, 64, N") {
  for (const char* settings :
       {"seq_len=4096 head_dim=64 chunk_size=64", "seq_len=4096 head_dim=16 chunk_size=7",
        "seq_len=257 chunk_size=16", "seq_len=1 chunk_size=1", "seq_len=129 chunk_size=129",
        "seq_len=300 chunk_size=1 normalize=false", "seq_len=300 feature_map=exp",
        "seq_len=300 feature_map=relu"}) {
    const Result r = run("forms", settings);
    CHECK(r.passed());
    CHECK(value(r, "error_parallel") <= 5e-6);
    CHECK(value(r, "error_recurrent") <= 5e-6);
    CHECK(value(r, "error_chunkwise") <= 5e-6);
    CHECK(value(r, "error_worst_chunk") <= 5e-6);
  }
}

TEST_CASE("causal linear 2: forms agree for chunk sizes 1, 7, 16, 64, N, several heads and head_dim_v != m") {
  for (const bool normalize : {true, false}) {
    const auto p = drawn_problem(2, 250, 24, 16, 5);
    LinearAttentionOptions options;
    options.normalize = normalize;
    const Tensor<double> truth = linear_attention_parallel(widened(p), options).output;
    CHECK(rel_l2(linear_attention_recurrent(p, options).output, truth) <= 5e-6);
    CHECK(rel_l2(linear_attention_parallel(p, options).output, truth) <= 5e-6);
    for (const std::int64_t chunk_size : {1, 7, 16, 64, 250}) {
      for (const ChunkStates states : {ChunkStates::on_chip, ChunkStates::materialized}) {
        options.states = states;
        CHECK(rel_l2(linear_attention_chunkwise(p, chunk_size, options).output, truth) <= 5e-6);
      }
    }
  }
}

TEST_CASE("causal linear 2: the state passed on from one half to the other gives one pass") {
  const auto p = drawn_problem(2, 200, 16, 24, 9);
  const Tensor<double> truth = linear_attention_recurrent(widened(p)).output;
  for (const std::int64_t cut : {1, 64, 99, 199}) {
    const auto first = linear_attention_chunkwise(part(p, 0, cut), 16);
    auto second = part(p, cut, 200);
    second.initial_state = first.state;
    second.initial_normalizer = first.normalizer;
    CHECK(rel_l2(first.output, rows(truth, 0, cut)) <= 5e-6);
    CHECK(rel_l2(linear_attention_chunkwise(second, 64).output, rows(truth, cut, 200)) <= 5e-6);
    CHECK(rel_l2(linear_attention_recurrent(second).output, rows(truth, cut, 200)) <= 5e-6);
    CHECK(rel_l2(linear_attention_parallel(second).output, rows(truth, cut, 200)) <= 5e-6);
  }
}

TEST_CASE("causal linear 2: product FLOPs are 2 N C (m + dv) + 4 N m dv, and the chunk size moves them") {
  const Result r = run("forms", "seq_len=1024 head_dim=32 chunk_size=64");
  CHECK(r.check("pass_flops")->value == 2.0 * 1024 * 64 * 64 + 4.0 * 1024 * 32 * 32);
  const std::vector<double>& flops = ys(r, "forms_flops", "chunkwise");
  CHECK(std::is_sorted(flops.begin(), flops.end()));
  const std::vector<double>& bytes = ys(r, "forms_bytes", "chunkwise");
  CHECK(std::is_sorted(bytes.rbegin(), bytes.rend()));
}

TEST_CASE("causal linear 3: the backward pass keeps exactly N m dv or m dv elements of state") {
  const Result r = run("memory", "max_len=1024 head_dim=64");
  CHECK(r.passed());
  CHECK(value(r, "kept_all") == 1024.0 * 64 * 64);
  CHECK(value(r, "kept_one") == 64.0 * 64);
  CHECK(value(r, "kept_ratio") == 1024);
  CHECK(r.plot("kept")->series[0].slope == doctest::Approx(1).epsilon(1e-9));
  CHECK(value(r, "storage_apart") <= 1e-12);
}

TEST_CASE("causal linear 4: gradients by Eqs. 13-15 and through the normaliser within 1e-6 of nudges") {
  for (const char* settings :
       {"", "seq_len=2", "seq_len=33 head_dim=8 seed=3", "seq_len=64 head_dim=4 seed=8"}) {
    const Result r = run("gradients", settings);
    CHECK(value(r, "numerator") <= 1e-6);
    CHECK(value(r, "worst") <= 1e-6);
    CHECK(value(r, "inner_apart") <= 1e-12);
    CHECK(r.passed());
  }
}

TEST_CASE("causal linear 5: elements moved per token are 2 t d and 2 d d + 2 d; slopes are lamps") {
  const Result r = run("decode", "max_context=512 head_dim=32");
  CHECK(value(r, "moved_cache") == 2.0 * 512 * 32);
  CHECK(value(r, "moved_state") == 2.0 * 32 * 32 + 2 * 32);
  CHECK(value(r, "crossover") == 33);
  CHECK(r.check("lamp_state_slope")->lamp);
  CHECK(r.check("lamp_cache_slope")->lamp);
  CHECK(r.passed());
}

TEST_CASE(
    "causal linear 6: traffic is exactly 4 N d and 6 N d + 2 (N / C) d^2, and agrees with the reference") {
  for (const std::int64_t n : {256, 512, 1024}) {
    for (const std::int64_t d : {16, 64}) {
      for (const std::int64_t c : {16, 32, 64, 128}) {
        const auto p = drawn_problem(1, n, d, d, 1);
        const Accesses kept = run_on_chip(p, c, Arithmetic::off).moved.accesses;
        const Accesses written = run_materialized(p, c, Arithmetic::off).moved.accesses;
        CHECK(kept.total() == 4 * n * d);
        CHECK(written.total() == 6 * n * d + 2 * (n / c) * d * d);
        CHECK(kept == flash_linear_accesses(n, c, d, d, false));
        CHECK(written == flash_linear_accesses(n, c, d, d, true));
      }
    }
  }
  for (const char* settings :
       {"", "seq_len=300 chunk_size=48", "seq_len=64 chunk_size=256", "seq_len=2048"}) {
    CHECK(run("traffic", settings).passed());
  }
}

TEST_CASE("causal linear 7: chunks in any order give the same bits; blocks as counted") {
  const Result r = run("parallelism", "heads=16 seq_len=16384 chunk_size=64");
  CHECK(value(r, "blocks_written") == 16 * 256);
  CHECK(value(r, "blocks_on_chip") == 16);
  CHECK(value(r, "shuffled") == 0);
  CHECK(value(r, "gain") > 1);
  CHECK(value(run("parallelism", "heads=1024 seq_len=4096"), "gain") < 1);
  CHECK(r.table("versions")->rows[0][4].provenance.kind == Provenance::modelled);
}

TEST_CASE("causal linear, wrong forward kernels: each is noticed by the tests that can notice it") {
  const std::pair<const char*, double> expected[] = {
      {"strict_mask", 8},  {"late_normaliser", 8}, {"double_count", 7}, {"lost_tail", 2},
      {"strict_chunk", 8}, {"exchanged_axes", 1},  {"head_leak", 1},    {"dirty_state", 2}};
  for (const auto& [bug, noticed] : expected) {
    for (const int seed : {42, 1, 2}) {
      const Result r = run("bug_forward", text("bug=", bug, " seed=", seed));
      CAPTURE(bug);
      CHECK(value(r, "noticed_by") == noticed);
      CHECK(r.check("pass_right")->passed());
    }
  }
  CHECK(cell(run("bug_forward", "bug=lost_tail"), "who_sees_it", 2, 3).text == "no");  // N = 64, C = 16
  CHECK(cell(run("bug_forward", "bug=lost_tail"), "who_sees_it", 3, 3).text == "yes");
}

TEST_CASE(
    "causal linear, strict mask: the diagonal of the weights is missing, and only the diagonal shrinks") {
  const Heatmap map = *run("bug_forward", "bug=strict_mask").heatmap("weights_off");
  for (std::int64_t i = 0; i < map.rows; ++i) {
    for (std::int64_t j = 0; j < map.cols; ++j) {
      const float off = map.values[static_cast<std::size_t>(i * map.cols + j)];
      CHECK((off < 0) == (i == j));
      CHECK((j <= i || off == 0));
    }
  }
}

TEST_CASE("causal linear, wrong backward kernels: which gradient is spoilt, and the inner products tell") {
  const Result forward = run("bug_backward", "bug=forward_scan");
  CHECK(value(forward, "error_dq") <= 5e-6);
  CHECK(value(forward, "error_dk") > 0.1);
  CHECK(value(forward, "error_dv") > 0.1);
  CHECK(value(forward, "noticed_by") == 3);
  const Result transposed = run("bug_backward", "bug=transposed_state");
  CHECK(value(transposed, "error_dq") > 0.1);
  CHECK(value(transposed, "error_dk") <= 5e-6);
  const Result diagonal = run("bug_backward", "bug=missing_diagonal");
  CHECK(value(diagonal, "error_dk") > 0.01);
  CHECK(value(diagonal, "error_dv") <= 5e-6);
  CHECK(value(diagonal, "noticed_by") == 4);

  const auto p = drawn_problem(1, 32, 8, 8, 4);
  const auto dot = [](const Tensor<float>& a, const Tensor<float>& b) {
    double sum = 0;
    for (std::int64_t i = 0; i < a.size(); ++i) {
      sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
    }
    return sum;
  };
  const auto apart = [&](BackwardBug bug) {
    LinearAttentionOptions options;
    options.normalize = false;
    const auto g = backward_kernel(p, p.value, bug);
    const double truth = dot(p.value, linear_attention_recurrent(p, options).output);
    return std::max({std::abs(dot(g.dq, p.query) / truth - 1), std::abs(dot(g.dk, p.key) / truth - 1),
                     std::abs(dot(g.dv, p.value) / truth - 1)});
  };
  CHECK(apart(BackwardBug::none) <= 1e-5);
  CHECK(apart(BackwardBug::forward_scan) > 0.01);
  CHECK(apart(BackwardBug::transposed_state) > 0.01);
  CHECK(apart(BackwardBug::missing_diagonal) > 0.01);
}

TEST_CASE("causal linear quiz: a sum of ones stops at 2048 in fp16 and at 256 in bf16") {
  const Result r = run("long_sums", "terms=ones count=65536");
  CHECK(value(r, "stop_fp16") == 2048);
  CHECK(value(r, "stop_bf16") == 256);
  CHECK(value(r, "spacing_fp16") == 2);
  CHECK(ys(r, "running_sum", "fp32").back() == 65536);
  CHECK(value(r, "error_repaired") <= 5e-6);
  CHECK(run("long_sums", "count=1024").checks.size() == 3);  // fp16 has not stopped yet
  CHECK(value(run("long_sums", "terms=elu1"), "error_fp16") > 0.5);
}

TEST_CASE("causal linear, state: a running kernel's chunks and states are the recurrence's") {
  for (const char* settings :
       {"", "seq_len=40 head_dim=16", "seq_len=64 feature_map=identity", "head_dim=32 seq_len=7"}) {
    const Result r = run("state", settings);
    const Stepper& chunks = *r.stepper("chunks");
    CAPTURE(settings);
    CHECK(r.passed());
    CHECK(chunks.frames.size() % 3 == 0);
    CHECK(chunks.frames[0].kind == Frame::load);
    CHECK(chunks.frames.back().kind == Frame::finish);
    if (!counted_rungs().empty()) {
      REQUIRE(r.check("pass_kernel_states") != nullptr);
      CHECK(r.check("pass_kernel_states")->value <= 5e-6);
      CHECK(chunks.note.find("20_fused_chunk.cu") != std::string::npos);
    }
  }
  const Result r = run("state", "seq_len=40 head_dim=16");
  CHECK(r.stepper("chunks")->frames.size() == 9);  // 16 + 16 + 8 tokens
  CHECK(r.stepper("chunks")->frames[6].caption.find("32 - 39") != std::string::npos);
  if (!counted_rungs().empty()) {  // q, k, v and the outputs of 40 tokens
    CHECK(r.stepper("chunks")->frames[7].values.back() == 4 * 40 * 16);
  }
}

TEST_CASE("causal linear, state: 4096 + 64 elements for m = dv = 64, and rank at most the number of tokens") {
  const Result r = run("state", "seq_len=16 head_dim=64");
  CHECK(value(r, "state_elements") == 4096 + 64);
  CHECK(value(r, "full_rank") == 16);
  CHECK(value(r, "final_rank") >= 1);
  CHECK(value(r, "final_rank") <= 16);
  CHECK(r.steppers[0].frames.size() == 16);
}

TEST_CASE(
    "causal linear, weights: the state gives what the N x N weights give; elu + 1 is flatter than softmax") {
  const Result r = run("weights", "seq_len=64 head_dim=64");
  CHECK(value(r, "output_apart") <= 1e-12);
  CHECK(value(r, "entropy") > value(r, "entropy_softmax"));
  CHECK(value(r, "entropy") <= value(r, "entropy_uniform"));
  CHECK(value(r, "negative_weights") == 0);
  CHECK(value(run("weights", "feature_map=identity"), "negative_weights") > 0);
}

TEST_CASE("causal linear S-08: padded equals unpadded to 5e-6; zeroed keys do not") {
  for (const char* settings :
       {"", "seq_len=37 sequences=3", "seq_len=512 sequences=8", "seq_len=8 sequences=2"}) {
    const Result r = run("padding", settings);
    CHECK(r.check("pass_padded")->value <= 5e-6);
    CHECK(r.passed());
    CHECK(value(r, "zeroed_full") > 0.01);
    CHECK(value(r, "ignored_causal") <= 5e-6);
  }
}

TEST_CASE(
    "causal linear S-08: a redraw in mid-sequence errs by more than 0.1, a fixed map stays within 5e-6") {
  for (int seed = 1; seed <= 5; ++seed) {
    const Result r = run("redraw", text("seed=", seed));
    CHECK(value(r, "redrawn") > 0.1);
    CHECK(value(r, "fixed") <= 5e-6);
  }
}

TEST_CASE("causal linear S-07: all pairs of forms within 5e-6 at N = 256 and 250, C = 16 and 64") {
  for (const char* settings : {"seq_len=256", "seq_len=250", "seq_len=17 head_dim=16", "seq_len=1"}) {
    const Result r = run("conventions", settings);
    CHECK(value(r, "worst_pair") <= 5e-6);
    CHECK(value(r, "fla_normalised") <= 1e-6);
    CHECK(value(r, "plain_ratio") ==
          doctest::Approx(1 / std::sqrt(settings == std::string("seq_len=17 head_dim=16") ? 16.0 : 64.0)));
    CHECK(r.passed());
  }
}
