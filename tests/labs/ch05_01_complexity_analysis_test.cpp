// Lab "Complexity analysis": the passes of its walk-through with the numbers of the curriculum, and its own
// small parts. SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "labs/ch05_01_complexity_analysis/costs.hpp"
#include "labs/ch05_01_complexity_analysis/lra_tables.hpp"
#include "reference/complexity.hpp"
#include "reference/linear_attention.hpp"
#include "reference/model/input_sources.hpp"
#include "reference/softmax_attention.hpp"
#include "tests/labs/walk.hpp"

using namespace alab;
using namespace alab::complexity;

namespace {

const Lab& lab() {
  return *find_lab("ch05_01_complexity_analysis");
}

Result run(std::string_view experiment, std::string_view settings = "", std::string_view input = "normal") {
  const Experiment& e = walk::experiment_of(lab(), experiment);
  return walk::run(lab(), e, walk::settings(e, settings), walk::source(input));
}

double value(const Result& result, std::string_view scalar) {
  const Scalar* found = result.scalar(scalar);
  require(found != nullptr, "no scalar '", scalar, "'");
  return found->value;
}

const Series& series(const Result& result, std::string_view plot, std::string_view key) {
  for (const Series& s : result.plot(plot)->series) {
    if (s.key == key) {
      return s;
    }
  }
  throw Error(text("no series '", key, "'"));
}

/// FLOPs of a product by its three loops.
double looped(std::int64_t rows, std::int64_t inner, std::int64_t cols) {
  double flops = 0;
  for (std::int64_t i = 0; i < rows * cols; ++i) {
    for (std::int64_t c = 0; c < inner; ++c) {
      flops += 2;
    }
  }
  return flops;
}

RowMatrix<double> wide(const RowMatrix<float>& x) {
  return x.cast<double>();
}

}  // namespace

TEST_CASE("the forms compute what the references compute, on shapes that divide nothing") {
  for (const auto& [n, d] : {std::pair<std::int64_t, std::int64_t>{1, 4}, {37, 8}, {65, 32}, {130, 24}}) {
    CAPTURE(n);
    const Operands<float> in = normal_operands(n, d, 7);
    for (const std::string_view map : {"elu1", "quadratic"}) {
      CAPTURE(map);
      const FormErrors errors = form_errors(map, n, d, 7, {});
      CHECK(errors.softmax <= kFloatTolerance);
      CHECK(errors.linear <= kFloatTolerance);
    }
    const RowMatrix<float> q = features("elu1", in.query), k = features("elu1", in.key);
    const auto mapped = Operands<float>::of(q, k, in.value);
    const LinearAttentionProblem<double> problem{as_head(wide(q)), as_head(wide(k)), as_head(wide(in.value))};
    const Tensor<double> causal = linear_attention_recurrent(problem, {.normalize = false}).output;
    const Tensor<double> all = linear_attention_parallel(problem, {.causal = false}).output;
    WorkMeter work;
    for (const std::int64_t chunk :
         {std::int64_t{1}, std::int64_t{7}, std::int64_t{16}, std::int64_t{64}, n}) {
      CAPTURE(chunk);
      CHECK(rel_l2(chunkwise_form(mapped, chunk, work), RowMatrix<double>(head(causal, 0))) <=
            kFloatTolerance);
    }
    CHECK(rel_l2(scores_first(mapped, true, work), RowMatrix<double>(head(all, 0))) <= kFloatTolerance);
    CHECK(rel_l2(state_first(mapped, true, work), RowMatrix<double>(head(all, 0))) <= kFloatTolerance);
  }
}

TEST_CASE("the lab's feature maps are the reference's") {
  const Operands<float> in = normal_operands(9, 12, 3);
  for (const auto& [name, kind] : {std::pair<std::string_view, FeatureKind>{"elu1", FeatureKind::elu1},
                                   {"quadratic", FeatureKind::quadratic}}) {
    CAPTURE(name);
    const RowMatrix<float> got = features(name, in.query);
    const Tensor<double> truth = apply_feature_map(FeatureMap{.kind = kind}, as_head(wide(in.query)));
    REQUIRE(got.cols() == truth.extent(2));
    CHECK(rel_l2(got, RowMatrix<double>(head(truth, 0))) <= 1e-6);
  }
}

TEST_CASE("a meter counts the same whether the form computes or not, and as three loops do") {
  const std::int64_t n = 24, d = 8;
  const Operands<float> real = normal_operands(n, d, 1), sizes = Operands<float>::sizes(n, d, d);
  const auto same = [](const WorkMeter& a, const WorkMeter& b) {
    CHECK(a.product_flops() == b.product_flops());
    CHECK(a.normaliser_flops() == b.normaliser_flops());
    CHECK(a.elements_moved() == b.elements_moved());
    CHECK(a.largest_temporary() == b.largest_temporary());
    CHECK(a.peak_temporaries() == b.peak_temporaries());
  };
  WorkMeter a, b(false), c, e(false), f, g(false);
  softmax_form(real, 1, a);
  CHECK(softmax_form(sizes, 1, b).size() == 0);
  same(a, b);
  CHECK(a.product_flops() == looped(n, d, n) + looped(n, n, d));
  CHECK(a.largest_temporary() == n * n);
  state_first(real, true, c);
  state_first(sizes, true, e);
  same(c, e);
  CHECK(c.product_flops() == looped(d, n, d) + looped(n, d, d));
  CHECK(c.normaliser_flops() == 2 * looped(1, n, d));
  CHECK(c.largest_temporary() == d * d);
  chunkwise_form(real, 6, f);
  chunkwise_form(sizes, 6, g);
  same(f, g);
  CHECK(f.product_flops() == chunkwise_flops(n, 6, d, d));
  CHECK(f.elements_moved() == static_cast<double>(flash_linear_accesses(n, 6, d, d, true).total()));
  CHECK(f.largest_temporary() == d * d);
}

TEST_CASE("step 1: FLOPs counted equal the formulas; 268.4 M at N = 1024, d = 64; ratio N / m") {
  const Result gpt2 = run("calculator", "seq_len=1024 head_dim=64 map=elu1 chunk_size=64");
  CHECK(value(gpt2, "softmax_flops") == 268435456);
  CHECK(value(gpt2, "flop_ratio") == 16);
  CHECK(gpt2.passed());
  for (const std::string_view settings :
       {"seq_len=4096 map=elu1", "seq_len=65536 head_dim=128 map=quadratic chunk_size=128",
        "seq_len=16 chunk_size=1", "seq_len=1024 chunk_size=1024"}) {
    const Result result = run("calculator", settings);
    CHECK(result.check("softmax_formula")->passed());
    CHECK(result.check("tiled_formula")->passed());
    CHECK(result.check("linear_formula")->passed());
    CHECK(result.check("chunkwise_formula")->passed());
  }
  CHECK(series(gpt2, "flops", "softmax").slope == doctest::Approx(2).epsilon(1e-9));
  CHECK(series(gpt2, "flops", "linear").slope == doctest::Approx(1).epsilon(1e-9));
  const Result ragged = run("calculator", "seq_len=1000 chunk_size=64");
  CHECK(ragged.check("chunkwise_formula") == nullptr);  // stated for C that divides N
  CHECK(ragged.passed());
}

TEST_CASE("step 2: both timed forms are right; slopes are lamps") {
  const Result result = run("slopes", "max_len=512");
  CHECK(result.check("softmax_t32")->passed());
  CHECK(result.check("linear_t32")->passed());
  CHECK(!result.check("softmax_t32")->lamp);
  CHECK(result.check("slope_softmax_lamp")->lamp);
  CHECK(result.check("slope_softmax_lamp")->low == 1.8);
  CHECK(result.check("slope_softmax_lamp")->high == 2.2);
  CHECK(result.check("slope_linear_lamp")->low == 0.85);
  CHECK(result.check("slope_linear_lamp")->high == 1.15);
}

TEST_CASE("step 3: the counted crossover is exactly m; 2080 and 2112.5 at d = 64 with the quadratic map") {
  for (const std::string_view settings :
       {"map=elu1 head_dim=32", "map=quadratic head_dim=32", "map=elu1 head_dim=8"}) {
    const Result result = run("crossover", settings);
    CHECK(value(result, "crossover") == value(result, "feature_dim"));
    CHECK(result.passed());
  }
  const Result wide_head = run("crossover", "map=quadratic head_dim=64");
  CHECK(value(wide_head, "crossover") == 2080);
  CHECK(value(wide_head, "crossover_normaliser") == 2112.5);
  CHECK(value(wide_head, "unpacked") == 4096);
}

TEST_CASE("step 4: 4.19 MB of cache against a state of 64 KiB; both decoders within T32") {
  const Result result = run("decode", "context=8192 head_dim=128 cache_bytes=2 state_bytes=4");
  CHECK(value(result, "cache_mb") == 4.194304);
  CHECK(value(result, "state_kib") == 64);
  CHECK(value(result, "stored_ratio") == 64);
  CHECK(result.passed());
  CHECK(result.check("state_flat")->lamp);
  // Quiz (c): equal precision, t = d = 64: both move 32 KiB, the normaliser apart.
  const Result even = run("decode", "context=64 head_dim=64 cache_bytes=4 state_bytes=4");
  CHECK(value(even, "break_even") == 65);
}

TEST_CASE("step 5: FLOPs are fewest at C = 1, every chunk size gives the recurrence's output") {
  for (const std::string_view input : {"normal", "large_logits", "correlated_keys"}) {
    const Result result = run("chunk", "", input);
    CHECK(result.check("formula")->passed());
    CHECK(result.check("fewest_at_one")->passed());
    CHECK(result.check("forms_t32")->passed());
  }
  const Result result = run("chunk", "seq_len=4096 head_dim=64 gpu=A100-40GB");
  const auto& s = series(result, "intensity", "intensity");
  CHECK(std::is_sorted(s.ys.begin(), s.ys.end()));
  CHECK(value(result, "useful_chunk") == 1024);
  CHECK(value(result, "intensity_one") < 1.1);
  const auto at = std::ranges::find(s.xs, value(result, "useful_chunk")) - s.xs.begin();
  CHECK(s.ys[static_cast<std::size_t>(at)] >= value(result, "ridge"));
  CHECK(s.ys[static_cast<std::size_t>(at - 1)] < value(result, "ridge"));
  // A short sequence never reaches the balance: the scalar is N and the title says so.
  const Result brief = run("chunk", "seq_len=256 head_dim=64 gpu=H100");
  CHECK(value(brief, "useful_chunk") == 256);
  CHECK(brief.plot("intensity")->title.find("No C") == 0);
}

TEST_CASE("step 6: memory exponents of LRA Table 2 are 1.74 and 0.76, to 0.01") {
  const Result result = run("lra");
  CHECK(std::abs(value(result, "transformer_exponent") - 1.74) <= 0.01);
  CHECK(std::abs(value(result, "performer_exponent") - 0.76) <= 0.01);
  CHECK(result.passed());
  CHECK(value(run("lra", "from=3K"), "transformer_exponent") > value(result, "transformer_exponent"));
}

TEST_CASE("find the bug: exactly Synthesizer and Linear rise in Table 2") {
  const Result result = run("lra");
  CHECK(value(result, "rising_rows") == 2);
  for (const auto& row : result.table("speeds")->rows) {
    const bool named = row[0].text == "Synthesizer" || row[0].text == "Linear";
    CHECK(row[5].text == (named ? "yes" : "no"));
  }
}

TEST_CASE("trap P5: exactly one average of Table 1 is wrong, Sinkhorn's, whose scores average 51.476") {
  const Result result = run("averages");
  CHECK(value(result, "wrong_rows") == 1);
  CHECK(value(result, "sinkhorn_mean") == doctest::Approx(51.476).epsilon(1e-9));
  CHECK(value(result, "transformer_six") == doctest::Approx(53.66).epsilon(1e-4));
  CHECK(result.passed());
  const auto& gaps = series(result, "gaps", "gap").ys;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    CHECK((gaps[i] > 0.0051) == (kLraAccuracies[i].method == "Sinkhorn"));
  }
}

TEST_CASE("step 7: S-45, every point within 5 % at N = 8192; the ridge of an A100 is 200.6") {
  for (const std::string_view gpu : {"A100-40GB", "A100-80GB", "H100", "H200", "RTX-4090", "V100", "T4"}) {
    const Result result = run("roofline", text("gpu=", gpu));
    for (const std::string_view point : {"materialised", "flash", "decode", "gqa_decode", "recurrent"}) {
      CAPTURE(point);
      REQUIRE(result.check(text("roofline_", point)) != nullptr);
      CHECK(result.check(text("roofline_", point))->passed());
    }
    CHECK(result.passed());
  }
  const Result brief = run("roofline", "seq_len=1024");
  CHECK(brief.check("roofline_flash") == nullptr);
  CHECK(!brief.notes.empty());
}

TEST_CASE("step 8: the explorer's counted ratio is N / m; paper points are those of the tables") {
  const Result result = run("explorer");
  CHECK(value(result, "flop_ratio") == 16384.0 / 64);
  CHECK(value(result, "lra_ratio") == doctest::Approx(7.8 / 1.4));
  CHECK(result.passed());
  CHECK(series(result, "speed_up", "s4_linear").ys == std::vector<double>{1.58, 5.35});
  CHECK(series(result, "speed_up", "s4_linear").provenance.kind == Provenance::paper);
  CHECK(series(result, "speed_up", "ratio_cpu").provenance.kind == Provenance::measured);
  CHECK(series(result, "speed_up", "ratio_model").provenance.kind == Provenance::modelled);
  CHECK(series(result, "speed_up", "ratio_flops").provenance.kind == Provenance::counted);
  CHECK(series(result, "memory", "memory_softmax").slope == doctest::Approx(2).epsilon(1e-9));
  CHECK(series(result, "memory", "memory_linear").slope == doctest::Approx(0).epsilon(1e-9));
  CHECK(series(result, "bytes", "bytes_linear").slope == doctest::Approx(1).epsilon(0.05));
}

TEST_CASE("step 9: the context term equals 6 P at 12 d_model by Kaplan's count, at 6 d_model in full") {
  const Result result = run("model", "layers=12 model_dim=768");
  CHECK(value(result, "kaplan_context") == 9216);
  CHECK(value(result, "pairs_context") == 4608);
  CHECK(result.passed());
  CHECK(run("model", "layers=128 model_dim=16384").passed());
}

TEST_CASE("the quiz's answers follow from the formulas") {
  CHECK(softmax_flops(1024, 64, 64) == 268435456);
  CHECK(packed_quadratic_dim(64) == 2080);
  CHECK(4 * cache_elements_read(64, 64, 64) == 2 * 64 * 64 * 4);
}
