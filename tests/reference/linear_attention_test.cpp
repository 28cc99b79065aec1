// Linear attention: every order of evaluation against the definition, gradients, counts, memory.
// SPDX-License-Identifier: MIT
#include "reference/linear_attention.hpp"

#include <doctest/doctest.h>

#include "tests/reference/truth.hpp"

using namespace alab;

namespace {

constexpr double kT32 = 5e-6, kT64 = 1e-12;

struct Size {
  std::int64_t heads, n, d, dv;
};
const Size kSizes[] = {{1, 1, 1, 1}, {1, 1, 16, 8}, {2, 7, 48, 32}, {3, 65, 16, 40}, {1, 130, 24, 24}};

template <class T>
LinearAttentionProblem<T> positive_problem(const Size& s) {
  return linear_attention_problem<T>({.kind = FeatureKind::elu1}, truth::normal<T>({s.heads, s.n, s.d}, 1),
                                     truth::normal<T>({s.heads, s.n, s.d}, 2),
                                     truth::normal<T>({s.heads, s.n, s.dv}, 3));
}

template <class T>
Tensor<T> positive(Shape shape, std::uint64_t seed) {
  Tensor<T> out = truth::normal<T>(std::move(shape), seed);
  for (T& value : out.span()) {
    value = std::abs(value);
  }
  return out;
}

template <class T>
LinearAttentionProblem<T> with_states(LinearAttentionProblem<T> p) {
  p.initial_state = truth::normal<T>({p.query.extent(0), p.query.extent(2), p.value.extent(2)}, 5);
  p.initial_normalizer = positive<T>({p.query.extent(0), p.query.extent(2)}, 6);
  return p;
}

template <class T>
std::vector<LinearAttentionOutput<T>> every_form(const LinearAttentionProblem<T>& p,
                                                 const LinearAttentionOptions& options) {
  std::vector<LinearAttentionOutput<T>> out{
      linear_attention_parallel(p, options), linear_attention_recurrent(p, options),
      linear_attention_cumulative(p, options), blocked_linear_attention(p, options),
      blocked_linear_attention(p, options, 3)};
  for (const std::int64_t chunk : {std::int64_t{1}, std::int64_t{7}, std::int64_t{16}, std::int64_t{64},
                                   p.query.extent(1), std::int64_t{1000}}) {
    out.push_back(linear_attention_chunkwise(p, chunk, options));
    LinearAttentionOptions stored = options;
    stored.states = ChunkStates::materialized;
    out.push_back(linear_attention_chunkwise(p, chunk, stored));
  }
  return out;
}

template <class T>
void check_forms(const LinearAttentionProblem<T>& p, const LinearAttentionOptions& o) {
  const double bound = sizeof(T) == 4 ? kT32 : kT64;
  const truth::Linear expected = truth::linear_attention(
      p.query, p.key, p.value, o.causal, o.normalize, o.scale, o.eps, p.initial_state, p.initial_normalizer);
  CAPTURE(to_string(p.query.shape()));
  CAPTURE(o.causal);
  CAPTURE(o.normalize);
  for (const LinearAttentionOutput<T>& out : every_form(p, o)) {
    CHECK(truth::distance(out.output, expected.output) <= bound);
    CHECK(truth::distance(out.state, expected.state) <= bound);
    CHECK(truth::distance(out.normalizer, expected.normalizer) <= bound);
    CHECK(out.denominator.empty() == !o.normalize);
    if (o.normalize) {
      CHECK(truth::distance(out.denominator, expected.denominator) <= bound);
    }
  }
}

}  // namespace

TEST_CASE("two tokens by hand") {
  const LinearAttentionProblem<double> p{Tensor<double>({1, 2, 1}, {1, 2}), Tensor<double>({1, 2, 1}, {3, 1}),
                                         Tensor<double>({1, 2, 1}, {5, 9})};
  // S = 15, 24; z = 3, 4; o_1 = 15 / 3, o_2 = 48 / 8; without causality o_1 = 24 / 4.
  for (const auto& out : every_form(p, {})) {
    CHECK(out.output == Tensor<double>({1, 2, 1}, {5, 6}));
    CHECK(out.denominator == Tensor<double>({1, 2}, {3, 8}));
    CHECK(out.state[0] == 24);
    CHECK(out.normalizer[0] == 4);
  }
  CHECK(linear_attention_parallel(p, {.causal = false}).output[0] == 6);
  CHECK(linear_attention_recurrent(p, {.normalize = false, .scale = 0.5}).output[1] == 24);
}

TEST_CASE_TEMPLATE("every form agrees with the definition", T, float, double) {
  for (const Size& size : kSizes) {
    for (const bool causal : {true, false}) {
      for (const bool normalize : {true, false}) {
        const LinearAttentionProblem<T> p = positive_problem<T>(size);
        check_forms(p, {.causal = causal, .normalize = normalize});
        check_forms(with_states(p), {.causal = causal, .normalize = normalize, .scale = 0.7, .eps = 0.25});
      }
    }
  }
}

TEST_CASE("at 4096 tokens in f32 the forms stay within 5e-6 of double precision") {
  const LinearAttentionProblem<float> p = positive_problem<float>({1, 4096, 32, 32});
  const Tensor<double> expected =
      linear_attention_chunkwise<double>(
          {p.query.cast<double>(), p.key.cast<double>(), p.value.cast<double>()}, 64)
          .output;
  CHECK(truth::distance(linear_attention_recurrent(p).output, expected) <= kT32);
  CHECK(truth::distance(linear_attention_chunkwise(p, 64).output, expected) <= kT32);
  CHECK(truth::distance(blocked_linear_attention(p, {}, 2).output, expected) <= kT32);
}

TEST_CASE("the blocked form gives the same bits for any number of threads") {
  const LinearAttentionProblem<float> one = positive_problem<float>({1, 1000, 32, 24});
  const LinearAttentionProblem<float> many = positive_problem<float>({5, 200, 16, 16});
  for (const int threads : {2, 3, 7}) {
    CHECK(blocked_linear_attention(one, {}, threads).output == blocked_linear_attention(one).output);
    CHECK(blocked_linear_attention(many, {}, threads).output == blocked_linear_attention(many).output);
  }
}

TEST_CASE("two halves with the state passed on equal one pass") {
  const LinearAttentionProblem<double> p = positive_problem<double>({2, 50, 16, 8});
  const Tensor<double> whole = linear_attention_recurrent(p).output;
  for (const std::int64_t cut : {1, 17, 49}) {
    LinearAttentionProblem<double> first{truth::part(p.query, 0, cut), truth::part(p.key, 0, cut),
                                         truth::part(p.value, 0, cut)};
    const auto before = linear_attention_chunkwise(first, 16);
    const LinearAttentionProblem<double> rest{
        truth::part(p.query, cut, 50 - cut), truth::part(p.key, cut, 50 - cut),
        truth::part(p.value, cut, 50 - cut), before.state, before.normalizer};
    CHECK(truth::distance(linear_attention_chunkwise(rest, 7).output, truth::part(whole, cut, 50 - cut)) <=
          kT64);
  }
}

TEST_CASE("the output at i depends on v at j exactly for j <= i") {
  const LinearAttentionProblem<double> p = positive_problem<double>({1, 9, 4, 2});
  const Tensor<double> base = linear_attention_recurrent(p).output;
  for (std::int64_t j = 0; j < 9; ++j) {
    LinearAttentionProblem<double> moved = p;
    moved.value(0, j, 0) += 1;
    const Tensor<double> out = linear_attention_recurrent(moved).output;
    for (std::int64_t i = 0; i < 9; ++i) {
      CHECK((out(0, i, 0) != base(0, i, 0)) == (j <= i));
    }
  }
}

TEST_CASE("gradients agree with central differences, through the normaliser and without it") {
  for (const bool causal : {true, false}) {
    for (const bool normalize : {true, false}) {
      LinearAttentionProblem<double> p = with_states(positive_problem<double>({2, 6, 5, 3}));
      const Tensor<double> d_output = truth::normal<double>(p.value.shape(), 9);
      const LinearAttentionOptions options{
          .causal = causal, .normalize = normalize, .scale = 0.8, .eps = 0.1};
      const auto loss = [&] { return truth::dot(d_output, linear_attention_parallel(p, options).output); };
      const auto g = linear_attention_backward(p, d_output, options);
      CHECK(truth::gradient_error(p.query, g.dq, loss) <= 1e-6);
      CHECK(truth::gradient_error(p.key, g.dk, loss) <= 1e-6);
      CHECK(truth::gradient_error(p.value, g.dv, loss) <= 1e-6);
      CHECK(truth::gradient_error(p.initial_state, g.d_initial_state, loss) <= 1e-6);
      CHECK(truth::gradient_error(p.initial_normalizer, g.d_initial_normalizer, loss) <= 1e-6);
      const auto stored = linear_attention_backward(p, d_output, options, BackwardStorage::all_states);
      CHECK(stored.dq == g.dq);
      CHECK(stored.dk == g.dk);
      CHECK(stored.dv == g.dv);
    }
  }
}

TEST_CASE(
    "implicit weights applied to the values are the output; rows sum to 1; nothing above the diagonal") {
  for (const bool causal : {true, false}) {
    const LinearAttentionProblem<double> p = positive_problem<double>({2, 21, 8, 4});
    const auto w = implicit_weights(p, {.causal = causal});
    const Tensor<double> expected = linear_attention_recurrent(p, {.causal = causal}).output;
    Tensor<double> applied(p.value.shape());
    for (std::int64_t h = 0; h < 2; ++h) {
      for (std::int64_t i = 0; i < 21; ++i) {
        double sum = 0;
        for (std::int64_t j = 0; j < 21; ++j) {
          sum += w.weights(h, i, j);
          CHECK((causal && j > i ? w.weights(h, i, j) == 0 : w.weights(h, i, j) > 0));
          for (std::int64_t c = 0; c < 4; ++c) {
            applied(h, i, c) += w.weights(h, i, j) * p.value(h, j, c);
          }
        }
        CHECK(std::abs(sum - 1) <= 1e-14);
      }
    }
    CHECK(truth::distance(applied, expected) <= kT64);
  }
}

TEST_CASE("with the identity map about half of the denominators are not positive") {
  const Tensor<double> x = truth::normal<double>({1, 256, 16}, 1), y = truth::normal<double>({1, 256, 16}, 2);
  const auto out = linear_attention_recurrent<double>({x, y, y}, {.causal = false});
  std::int64_t bad = 0;
  for (const double den : out.denominator.span()) {
    bad += den <= 0 ? 1 : 0;
  }
  CHECK((80 <= bad && bad <= 176));
}

TEST_CASE("flops, accesses and temporaries are the formulas exactly") {
  const std::int64_t n = 96, m = 12, dv = 20;
  const LinearAttentionProblem<double> p = positive_problem<double>({1, n, m, dv});
  for (const std::int64_t chunk : {1, 8, 32, 96}) {
    for (const bool stored : {false, true}) {
      LinearCounters c;
      AllocationMeter meter;
      linear_attention_chunkwise(p, chunk,
                                 {.normalize = false,
                                  .states = stored ? ChunkStates::materialized : ChunkStates::on_chip,
                                  .counters = &c,
                                  .meter = &meter});
      CHECK(static_cast<double>(c.product_flops) ==
            chunkwise_flops(double(n), double(chunk), double(m), double(dv)));
      CHECK(c.accesses == flash_linear_accesses(n, chunk, m, dv, stored));
      CHECK(c.normalizer_flops == 0);
      CHECK(meter.peak() == chunk * chunk + m * dv + (stored ? n / chunk * m * dv : 0));
      CHECK(meter.live() == 0);
    }
  }
  LinearCounters recurrent, parallel;
  AllocationMeter state, scores, states, scan, all;
  linear_attention_recurrent(p, {.normalize = false, .counters = &recurrent, .meter = &state});
  linear_attention_parallel(p, {.normalize = false, .counters = &parallel, .meter = &scores});
  linear_attention_cumulative(p, {.normalize = false, .meter = &states});
  CHECK(double(recurrent.product_flops) == linear_flops(double(n), double(m), double(dv)));
  CHECK(double(parallel.product_flops) == softmax_flops(double(n), double(m), double(dv)));
  CHECK(state.peak() == m * dv);
  CHECK(scores.peak() == n * n);
  CHECK(states.peak() == saved_for_backward_states(n, m, dv));
  const Tensor<double> d_output = truth::normal<double>(p.value.shape(), 9);
  linear_attention_backward(p, d_output, {.normalize = false, .meter = &scan});
  linear_attention_backward(p, d_output, {.normalize = false, .meter = &all}, BackwardStorage::all_states);
  CHECK(scan.peak() == saved_for_backward_scan(m, dv));
  CHECK(all.peak() == saved_for_backward_states(n, m, dv));
  CHECK(flash_linear_accesses(4096, 64, 64, 64, false).total() == 4 * 4096 * 64);
  CHECK(flash_linear_accesses(4096, 64, 64, 64, true).total() == 6 * 4096 * 64 + 2 * 64 * 64 * 64);
}

TEST_CASE("crossovers: N = m in products, 2112.5 with the normaliser of the packed quadratic map at d = 64") {
  CHECK(crossover_length(64, 64, 64) == 64);
  CHECK(crossover_length(2080, 64, 64) == 2080);
  CHECK(crossover_length(2080, 64, 64, true) == 2112.5);
  CHECK(softmax_flops(1024, 64, 64) == doctest::Approx(268.4e6).epsilon(1e-3));
}

TEST_CASE("65,536 tokens need one state beyond inputs and outputs") {
  const LinearAttentionProblem<float> p = positive_problem<float>({1, 65536, 8, 8});
  AllocationMeter recurrent, chunkwise;
  const auto a = linear_attention_recurrent(p, {.meter = &recurrent});
  const auto b = linear_attention_chunkwise(p, 64, {.meter = &chunkwise});
  CHECK(recurrent.peak() == 8 * 8 + 8);
  CHECK(chunkwise.peak() == 64 * 64 + 8 * 8 + 8);
  CHECK(truth::distance(a.output, b.output.cast<double>()) <= 5e-5);
  CHECK(truth::distance(blocked_linear_attention(p, {}, 2).output, b.output.cast<double>()) <= 5e-5);
}

TEST_CASE("the observer sees the state of every token, or of every chunk's last one") {
  const LinearAttentionProblem<double> p = positive_problem<double>({2, 10, 3, 2});
  std::vector<std::int64_t> tokens;
  Tensor<double> last, normalizer;
  LinearAttentionOptions options{.observer =
                                     [&](const StateMoment& moment) {
                                       tokens.push_back(moment.token);
                                       last = moment.state;
                                       normalizer = moment.normalizer;
                                     },
                                 .watch_head = 1};
  const auto out = linear_attention_chunkwise(p, 4, options);
  CHECK(tokens == std::vector<std::int64_t>{3, 7, 9});
  tokens.clear();
  linear_attention_recurrent(p, options);
  CHECK(tokens.size() == 10);
  CHECK(truth::distance(last, Tensor<double>({3, 2}, {out.state.data() + 6, out.state.data() + 12})) <= kT64);
  CHECK(normalizer.shape() == Shape{3});
}

TEST_CASE("decoders give the rows of the causal forms and count what they keep") {
  const Size s{1, 20, 8, 6};
  const LinearAttentionProblem<double> p = positive_problem<double>(s);
  const Tensor<double> expected = linear_attention_recurrent(p).output;
  const truth::Attention softmax = truth::attention(p.query, p.key, p.value, true, 0);
  LinearDecoder<double> linear(8, 6);
  CacheDecoder<double> cache(8, 6, 20);
  Tensor<double> a({1, 20, 6}), b({1, 20, 6});
  for (std::size_t t = 0; t < 20; ++t) {
    linear.step(p.query.span().subspan(t * 8, 8), p.key.span().subspan(t * 8, 8),
                p.value.span().subspan(t * 6, 6), a.span().subspan(t * 6, 6));
    cache.step(p.query.span().subspan(t * 8, 8), p.key.span().subspan(t * 8, 8),
               p.value.span().subspan(t * 6, 6), b.span().subspan(t * 6, 6));
  }
  CHECK(truth::distance(a, expected) <= kT64);
  CHECK(truth::distance(b, softmax.output) <= kT64);
  CHECK(linear.state_elements() == 8 * 6 + 8);
  CHECK(cache.cache_elements() == 20 * 14);
}

TEST_CASE("wrong shapes are refused in words, and a stop is heard") {
  LinearAttentionProblem<float> p = positive_problem<float>({1, 8, 4, 4});
  CHECK_THROWS_WITH_AS(linear_attention_chunkwise(p, 0), "a chunk of 0 tokens is out of range: at least 1",
                       Error);
  p.initial_state = Tensor<float>({1, 4, 5});
  CHECK_THROWS_AS(linear_attention_recurrent(p), Error);
  CHECK_THROWS_AS(implicit_weights(with_states(positive_problem<float>({1, 8, 4, 4}))), Error);
  CHECK_THROWS_AS(linear_attention_recurrent<float>({Tensor<float>({1, 2, 3}), Tensor<float>({1, 3, 3}), {}}),
                  Error);
  std::stop_source source;
  source.request_stop();
  p.initial_state = {};
  CHECK_THROWS_AS(linear_attention_chunkwise(p, 4, {}, {source.get_token(), {}}), Cancelled);
  CHECK_THROWS_AS(blocked_linear_attention(p, {}, 1, {source.get_token(), {}}), Cancelled);
}
