// The scalar gate: three orders against the vector-gated definition, retention, and the stable decay mask.
// SPDX-License-Identifier: MIT
#include "reference/simple_gate.hpp"

#include <doctest/doctest.h>

#include "tests/reference/truth.hpp"

using namespace alab;

namespace {

constexpr double kT32 = 5e-6, kT64 = 1e-12;

template <class T>
SimpleGateProblem<T> drawn(std::int64_t heads, std::int64_t n, std::int64_t dk, std::int64_t dv, double low,
                           double high) {
  return {truth::normal<T>({heads, n, dk}, 1), truth::normal<T>({heads, n, dk}, 2),
          truth::normal<T>({heads, n, dv}, 3), uniform_log_decay<T>({heads, n}, low, high, 4)};
}

template <class T>
void check_forms(const SimpleGateProblem<T>& p, double bound) {
  const GatedOptions o{.scale = 0.5};
  const GatedLinearAttentionProblem<T> wide = widened(p);
  const truth::Gated expected = truth::gated_linear_attention(wide.query, wide.key, wide.value,
                                                              wide.log_decay, o.scale, wide.initial_state);
  std::vector<GatedOutput<T>> forms{simple_gate_recurrent(p, o), simple_gate_parallel(p, o)};
  for (const std::int64_t chunk : {1, 7, 16, 64, 1000}) {
    forms.push_back(simple_gate_chunkwise(p, chunk, o));
  }
  for (const GatedOutput<T>& out : forms) {
    CHECK(truth::distance(out.output, expected.output) <= bound);
    CHECK(truth::distance(out.state, expected.state) <= bound);
  }
}

}  // namespace

TEST_CASE_TEMPLATE("forms agree under mild, strong and total decay, from a state or from zero", T, float,
                   double) {
  const double bound = sizeof(T) == 4 ? kT32 : kT64;
  for (const auto& [low, high] : {std::pair{0.95, 0.999}, {0.01, 0.1}, {1.0, 1.0}}) {
    SimpleGateProblem<T> p = drawn<T>(2, 65, 16, 24, low, high);
    check_forms(p, bound);
    p.initial_state = truth::normal<T>({2, 16, 24}, 5);
    p.log_decay(0, 20) = -std::numeric_limits<T>::infinity();
    check_forms(p, bound);
  }
  check_forms(drawn<T>(1, 1, 3, 2, 0.5, 0.5), bound);
}

TEST_CASE("fla conventions: forms agree at 256 tokens, chunk sizes 16 and 64, lengths off the grid") {
  for (const std::int64_t n : {256, 250}) {
    SimpleGateProblem<float> p = drawn<float>(1, n, 32, 32, 0.9, 0.999);
    const GatedOptions o{.scale = fla_query_scale(32)};
    const Tensor<double> expected = simple_gate_recurrent(p, o).output.cast<double>();
    CHECK(truth::distance(simple_gate_chunkwise(p, 16, o).output, expected) <= kT32);
    CHECK(truth::distance(simple_gate_chunkwise(p, 64, o).output, expected) <= kT32);
    CHECK(truth::distance(simple_gate_parallel(p, o).output, expected) <= kT32);
  }
}

TEST_CASE("retention is the constant gate: gamma_0 = 31/32, half-lives 21.8 and 44.0") {
  const Tensor<double> gates = retention_log_decay<double>(2, 3);
  CHECK(gates(0, 2) == doctest::Approx(std::log(31.0 / 32)).epsilon(1e-15));
  CHECK(half_life(gates(0, 0)) == doctest::Approx(21.8).epsilon(2e-3));
  CHECK(half_life(gates(1, 0)) == doctest::Approx(44.0).epsilon(2e-3));
  CHECK(constant_log_decay<double>(1, 2, 31.0 / 32)[1] == doctest::Approx(gates[0]).epsilon(1e-15));
  CHECK_THROWS_AS(constant_log_decay<float>(1, 1, 1.5), Error);
}

TEST_CASE("the decay mask by segment sums keeps its digits where a difference of sums loses them") {
  const std::int64_t n = 2048;
  const Tensor<float> gates = [&] {
    Tensor<float> g = truth::normal<float>({n}, 1);
    for (float& gate : g.span()) {
      gate = -2 * std::abs(gate) / 1.6F;  // mean |log a| about 1
    }
    return g;
  }();
  const Tensor<float> mask = decay_mask(std::span<const float>(gates.span()));
  double stable = 0, lossy = 0;
  float running = 0;
  std::vector<float> cumulative;
  for (const float gate : gates.span()) {
    cumulative.push_back(running += gate);
  }
  for (std::int64_t i = n - 3; i < n; ++i) {
    double exact = 0;
    for (std::int64_t j = i; j >= i - 3; --j) {
      const double difference = std::exp(double(cumulative[std::size_t(i)] - cumulative[std::size_t(j)]));
      stable = std::max(stable, std::abs(mask(i, j) / std::exp(exact) - 1));
      lossy = std::max(lossy, std::abs(difference / std::exp(exact) - 1));
      exact += double(gates[j]);
    }
  }
  CHECK(stable <= 1e-6);
  CHECK(lossy > 5e-6);
  CHECK(mask(3, 4) == 0);
  CHECK(mask(4, 4) == 1);
}

TEST_CASE("counts are the formulas; shapes are refused in words") {
  SimpleGateProblem<double> p = drawn<double>(2, 64, 12, 20, 0.5, 0.9);
  LinearCounters chunked, recurrent;
  simple_gate_chunkwise(p, 16, {.counters = &chunked});
  simple_gate_recurrent(p, {.counters = &recurrent});
  CHECK(double(chunked.product_flops) == 2 * chunkwise_flops(64, 16, 12, 20));
  CHECK(double(recurrent.product_flops) == 2 * linear_flops(64, 12, 20));
  CHECK_THROWS_AS(simple_gate_chunkwise(p, 0), Error);
  p.log_decay[1] = 1;
  CHECK_THROWS_AS(simple_gate_recurrent(p), Error);
  p.log_decay = Tensor<double>({2, 63});
  CHECK_THROWS_AS(simple_gate_recurrent(p), Error);
}
