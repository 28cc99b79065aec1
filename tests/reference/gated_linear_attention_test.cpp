// Gated linear attention: five orders against the definition, the pattern in which they overflow, gradients,
// counts. SPDX-License-Identifier: MIT
#include "reference/gated_linear_attention.hpp"

#include <doctest/doctest.h>

#include "tests/reference/truth.hpp"

using namespace alab;

namespace {

constexpr double kT32 = 5e-6, kT32x = 5e-5, kT64 = 1e-12;
constexpr float kMinusInf = -std::numeric_limits<float>::infinity();

struct Size {
  std::int64_t heads, n, dk, dv;
};

template <class T>
GatedLinearAttentionProblem<T> drawn(const Size& s, double low, double high) {
  return {truth::normal<T>({s.heads, s.n, s.dk}, 1), truth::normal<T>({s.heads, s.n, s.dk}, 2),
          truth::normal<T>({s.heads, s.n, s.dv}, 3),
          uniform_log_decay<T>({s.heads, s.n, s.dk}, low, high, 4)};
}

template <class T>
truth::Gated truth_of(const GatedLinearAttentionProblem<T>& p, double scale = 1) {
  return truth::gated_linear_attention(p.query, p.key, p.value, p.log_decay, scale, p.initial_state);
}

template <class T>
std::int64_t bad_rows(const Tensor<T>& output) {
  std::int64_t rows = 0;
  for (std::int64_t i = 0; i < output.extent(1); ++i) {
    bool bad = false;
    for (std::int64_t c = 0; c < output.extent(2); ++c) {
      bad = bad || !std::isfinite(output(0, i, c));
    }
    rows += bad ? 1 : 0;
  }
  return rows;
}

template <class T>
std::vector<GatedOutput<T>> stable_forms(const GatedLinearAttentionProblem<T>& p, const GatedOptions& o) {
  std::vector<GatedOutput<T>> out{gated_linear_attention_recurrent(p, o),
                                  blocked_gated_linear_attention(p, o),
                                  blocked_gated_linear_attention(p, o, 3)};
  const std::int64_t n = p.query.extent(1);
  for (const auto& [chunk, sub] : {std::pair<std::int64_t, std::int64_t>{1, 1},
                                   {7, 3},
                                   {16, 16},
                                   {64, 16},
                                   {64, 1},
                                   {n, std::max<std::int64_t>(1, n / 2)},
                                   {1000, 1000}}) {
    out.push_back(gated_linear_attention_chunkwise_two_level(p, chunk, sub, o));
  }
  return out;
}

}  // namespace

TEST_CASE("two tokens by hand: decayed before the write, read after it") {
  const GatedLinearAttentionProblem<double> p{
      Tensor<double>({1, 2, 1}, {2, 2}), Tensor<double>({1, 2, 1}, {3, 1}), Tensor<double>({1, 2, 1}, {5, 4}),
      Tensor<double>({1, 2, 1}, {-9, std::log(0.5)})};
  // S = 15, then 7.5 + 4.
  for (const auto& out : stable_forms(p, {})) {
    CHECK(out.output[0] == doctest::Approx(30).epsilon(1e-15));
    CHECK(out.output[1] == doctest::Approx(23).epsilon(1e-15));
    CHECK(out.state[0] == doctest::Approx(11.5).epsilon(1e-15));
  }
}

TEST_CASE_TEMPLATE("every form agrees with the definition under mild gates", T, float, double) {
  const double bound = sizeof(T) == 4 ? kT32 : kT64;
  for (const Size& size :
       {Size{1, 1, 1, 1}, Size{1, 1, 16, 8}, Size{2, 7, 48, 32}, Size{3, 65, 16, 40}, Size{1, 130, 24, 24}}) {
    for (const bool from_state : {false, true}) {
      GatedLinearAttentionProblem<T> p = drawn<T>(size, 0.95, 0.999);
      if (from_state) {
        p.initial_state = truth::normal<T>({size.heads, size.dk, size.dv}, 5);
      }
      const GatedOptions o{.scale = fla_query_scale(size.dk)};
      const truth::Gated expected = truth_of(p, o.scale);
      CAPTURE(size.n);
      for (const GatedOutput<T>& out : stable_forms(p, o)) {
        CHECK(truth::distance(out.output, expected.output) <= bound);
        CHECK(truth::distance(out.state, expected.state) <= bound);
      }
      for (const GatedOutput<T>& out :
           {gated_linear_attention_parallel_naive(p, o), gated_linear_attention_chunkwise(p, 7, o),
            gated_linear_attention_chunkwise(p, 64, o), gated_linear_attention_parallel_log(p, o)}) {
        CHECK(truth::distance(out.output, expected.output) <= 10 * bound);
        CHECK(truth::distance(out.state, expected.state) <= bound);
      }
    }
  }
}

TEST_CASE("strong and total decay leave the recurrent, two-level and blocked forms exact") {
  GatedLinearAttentionProblem<float> p = drawn<float>({2, 150, 16, 8}, 0.01, 0.1);
  for (std::int64_t i = 0; i < p.log_decay.size(); i += 37) {
    p.log_decay[i] = kMinusInf;
  }
  for (std::int64_t i = 11; i < p.log_decay.size(); i += 53) {
    p.log_decay[i] = -1000;
  }
  p.initial_state = truth::normal<float>({2, 16, 8}, 5);
  const truth::Gated expected = truth_of(p);
  for (const GatedOutput<float>& out : stable_forms(p, {})) {
    CHECK(truth::distance(out.output, expected.output) <= kT32);
    CHECK(truth::distance(out.state, expected.state) <= kT32);
  }
}

TEST_CASE("who overflows: nobody, the naive form, the naive and the one-level form") {
  const Size size{1, 512, 16, 16};
  const auto run = [&](double low, double high, MaskBy by = MaskBy::selection) {
    const GatedLinearAttentionProblem<float> p = drawn<float>(size, low, high);
    const Tensor<double> expected = truth_of(p).output;
    CHECK(truth::distance(gated_linear_attention_recurrent(p).output, expected) <= kT32);
    CHECK(truth::distance(gated_linear_attention_chunkwise_two_level(p, 64, 16).output, expected) <= kT32);
    CHECK(truth::distance(gated_linear_attention_parallel_log(p).output, expected) <= kT32x);
    return std::pair(bad_rows(gated_linear_attention_parallel_naive(p, {.mask = by}).output),
                     bad_rows(gated_linear_attention_chunkwise(p, 64, {.mask = by}).output));
  };
  const auto mild = run(0.95, 0.999), middle = run(0.5, 0.9), strong = run(0.1, 0.5);
  CHECK(mild.first == 0);
  CHECK(mild.second == 0);
  CHECK(middle.first > 0);
  CHECK(middle.second == 0);
  CHECK(strong.first > 0);
  CHECK((strong.second > 0 && strong.second < 60));
  CHECK(run(0.1, 0.5, MaskBy::product).second > 250);
}

TEST_CASE("a gate of 0.9 everywhere over 1024 tokens breaks the naive form in f32") {
  GatedLinearAttentionProblem<float> p = drawn<float>({1, 1024, 4, 4}, 0.9, 0.9);
  const Tensor<float> output = gated_linear_attention_parallel_naive(p).output;
  CHECK(bad_rows(output) > 0);
  CHECK(std::isnan(output(0, 1023, 0)));
}

TEST_CASE("first overflow in fp16 at chunk 106 for 0.9 and 16 for 0.5; 107 when logs are summed in fp16") {
  using enum CumulativeGate;
  for (const CumulativeGate how : {product, log_wide}) {
    CHECK(first_overflow(std::log(0.9), NumberFormat::fp16, how) == 106);
    CHECK(first_overflow(std::log(0.5), NumberFormat::fp16, how) == 16);
  }
  CHECK(first_overflow(std::log(0.9), NumberFormat::fp16, log_narrow) == 107);
  CHECK(largest_safe_chunk(std::log(0.9), nats_of(NumberFormat::fp16)) == 105);
  CHECK(largest_safe_chunk(std::log(0.5), nats_of(NumberFormat::fp16)) == 15);
  CHECK(first_overflow(std::log(0.1), NumberFormat::bf16, log_wide) == 39);
  CHECK_THROWS_AS(first_overflow(0, NumberFormat::fp16, product), Error);
}

TEST_CASE("the one-level form with 1/b in emulated fp16 breaks at chunk 106 and not at 105") {
  GatedLinearAttentionProblem<float> p = drawn<float>({1, 106, 2, 2}, 0.9, 0.9);
  p.key = Tensor<float>(p.key.shape(), std::vector<float>(static_cast<std::size_t>(p.key.size()), 1.0F));
  const GatedOptions narrow{.precision = {.inverse_decay = NumberFormat::fp16}};
  CHECK(bad_rows(gated_linear_attention_chunkwise(p, 106, narrow).output) == 1);
  CHECK(bad_rows(gated_linear_attention_chunkwise(p, 105, narrow).output) == 0);
  const GatedOptions all{.precision = GatePrecision::all(NumberFormat::bf16)};
  const double error =
      truth::distance(gated_linear_attention_chunkwise_two_level(p, 64, 16, all).output, truth_of(p).output);
  CHECK((1e-4 < error && error < 5e-2));
}

TEST_CASE("gradients agree with central differences, the gate's included") {
  GatedLinearAttentionProblem<double> p = drawn<double>({2, 7, 4, 3}, 0.3, 0.95);
  p.initial_state = truth::normal<double>({2, 4, 3}, 5);
  const Tensor<double> d_output = truth::normal<double>(p.value.shape(), 9);
  const GatedOptions options{.scale = 0.7};
  const auto loss = [&] { return truth::dot(d_output, gated_linear_attention_recurrent(p, options).output); };
  const GatedGradients<double> g = gated_linear_attention_backward(p, d_output, options);
  CHECK(truth::gradient_error(p.query, g.dq, loss) <= 1e-6);
  CHECK(truth::gradient_error(p.key, g.dk, loss) <= 1e-6);
  CHECK(truth::gradient_error(p.value, g.dv, loss) <= 1e-6);
  CHECK(truth::gradient_error(p.log_decay, g.d_log_decay, loss) <= 1e-6);
  CHECK(truth::gradient_error(p.initial_state, g.d_initial_state, loss) <= 1e-6);
  CHECK(truth::distance(g.output, truth_of(p, 0.7).output) <= kT64);
}

TEST_CASE("implicit weights applied to the values are the output") {
  const GatedLinearAttentionProblem<double> p = drawn<double>({2, 19, 6, 3}, 0.1, 0.9);
  const Tensor<double> w = gated_implicit_weights(p, {.scale = 0.5});
  Tensor<double> applied(p.value.shape());
  for (std::int64_t h = 0; h < 2; ++h) {
    for (std::int64_t i = 0; i < 19; ++i) {
      for (std::int64_t j = 0; j < 19; ++j) {
        CHECK((j <= i || w(h, i, j) == 0));
        for (std::int64_t c = 0; c < 3; ++c) {
          applied(h, i, c) += w(h, i, j) * p.value(h, j, c);
        }
      }
    }
  }
  CHECK(truth::distance(applied, truth_of(p, 0.5).output) <= kT64);
}

TEST_CASE("two halves with the state passed on equal one pass") {
  const GatedLinearAttentionProblem<double> p = drawn<double>({2, 50, 8, 6}, 0.1, 0.9);
  const Tensor<double> whole = truth_of(p).output;
  for (const std::int64_t cut : {1, 16, 33}) {
    const GatedLinearAttentionProblem<double> first{truth::part(p.query, 0, cut), truth::part(p.key, 0, cut),
                                                    truth::part(p.value, 0, cut),
                                                    truth::part(p.log_decay, 0, cut)};
    const GatedLinearAttentionProblem<double> rest{
        truth::part(p.query, cut, 50 - cut), truth::part(p.key, cut, 50 - cut),
        truth::part(p.value, cut, 50 - cut), truth::part(p.log_decay, cut, 50 - cut),
        gated_linear_attention_chunkwise_two_level(first, 16, 4).state};
    for (const GatedOutput<double>& out : stable_forms(rest, {})) {
      CHECK(truth::distance(out.output, truth::part(whole, cut, 50 - cut)) <= kT64);
    }
  }
}

TEST_CASE("flops and shares of pairs are the formulas exactly; 26.2 % for 64/16") {
  const std::int64_t n = 128, dk = 12, dv = 20;
  const GatedLinearAttentionProblem<double> p = drawn<double>({1, n, dk, dv}, 0.5, 0.9);
  LinearCounters two, one, recurrent;
  gated_linear_attention_chunkwise_two_level(p, 64, 16, {.counters = &two});
  gated_linear_attention_chunkwise(p, 32, {.counters = &one});
  gated_linear_attention_recurrent(p, {.counters = &recurrent});
  CHECK(double(two.product_flops) == two_level_flops(128, 64, 16, 12, 20));
  CHECK(double(one.product_flops) == chunkwise_flops(128, 32, 12, 20));
  CHECK(double(recurrent.product_flops) == linear_flops(128, 12, 20));
  CHECK(double(two.log_pairs) / double(two.pairs) == doctest::Approx(log_pair_share(64, 16)).epsilon(1e-15));
  CHECK(log_pair_share(64, 16) == doctest::Approx(0.262).epsilon(2e-3));
  CHECK(recurrent.exponentials == n * dk);
  CHECK(recurrent.accesses == Accesses{n * (3 * dk + dv), n * dv});
}

TEST_CASE("the state of 65,536 tokens stays one state") {
  const GatedLinearAttentionProblem<float> p = drawn<float>({1, 65536, 4, 4}, 0.9, 0.999);
  AllocationMeter meter;
  const Tensor<float> expected = gated_linear_attention_recurrent(p, {.meter = &meter}).output;
  CHECK(meter.peak() == 16);
  CHECK(truth::distance(blocked_gated_linear_attention(p, {}, 2).output, expected.cast<double>()) <= kT32);
}

TEST_CASE("gates: logits over temperature 16 halve in 16 steps at 0; half-lives") {
  const Tensor<double> gates = log_decay_of_logits(Tensor<double>({3}, {0, -800, 800}));
  CHECK(std::exp(gates[0]) == doctest::Approx(0.9576).epsilon(1e-4));
  CHECK(half_life(gates[0]) == doctest::Approx(16).epsilon(1e-12));
  CHECK(gates[1] == doctest::Approx(-50).epsilon(1e-12));
  CHECK(gates[2] == 0);
  CHECK(std::isinf(half_life(0)));
  const Tensor<double> drawn_gates = uniform_log_decay<double>({1000}, 0.1, 0.5, 1);
  for (const double gate : drawn_gates.span()) {
    CHECK((0.1 <= std::exp(gate) && std::exp(gate) <= 0.5));
  }
}

TEST_CASE("what does not fit is refused in words, and a stop is heard") {
  GatedLinearAttentionProblem<float> p = drawn<float>({1, 8, 4, 4}, 0.5, 0.9);
  CHECK_THROWS_WITH_AS(gated_linear_attention_chunkwise_two_level(p, 4, 5),
                       "a sub-chunk of 5 tokens is out of range: 1 .. 4, the chunk", Error);
  std::stop_source source;
  source.request_stop();
  CHECK_THROWS_AS(gated_linear_attention_recurrent(p, {}, {source.get_token(), {}}), Cancelled);
  CHECK_THROWS_AS(gated_linear_attention_parallel_log(p, {}, {source.get_token(), {}}), Cancelled);
  p.log_decay[3] = 0.1F;
  CHECK_THROWS_WITH_AS(gated_linear_attention_recurrent(p), doctest::Contains("at element 3"), Error);
  p.log_decay[3] = std::numeric_limits<float>::quiet_NaN();
  CHECK_THROWS_AS(gated_linear_attention_recurrent(p), Error);
  p.log_decay = Tensor<float>({1, 8, 3});
  CHECK_THROWS_AS(gated_linear_attention_recurrent(p), Error);
}
