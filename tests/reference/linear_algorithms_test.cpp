// The linear and gated algorithms of the case format on sizes, states and params that no worked case has.
// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include "reference/algorithms.hpp"
#include "reference/feature_maps.hpp"
#include "tests/reference/truth.hpp"

using namespace alab;

namespace {

constexpr double kBound = 2e-6;

NamedTensors<float> run(std::string_view name, const Json& params, const NamedTensors<float>& in) {
  const Algorithm* algorithm = find_algorithm(name);
  REQUIRE(algorithm != nullptr);
  return run_algorithm(*algorithm, params, in);
}

NamedTensors<float> qkv(std::int64_t heads, std::int64_t n, std::int64_t dk, std::int64_t dv,
                        double factor = 1) {
  return {{"q", truth::normal<float>({heads, n, dk}, 1, factor)},
          {"k", truth::normal<float>({heads, n, dk}, 2, factor)},
          {"v", truth::normal<float>({heads, n, dv}, 3)}};
}

std::string error_of(std::string_view name, const Json& params, const NamedTensors<float>& in) {
  try {
    run(name, params, in);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE(
    "linear_attention from a state, causal or not, normalised or not, for every map without a drawing") {
  for (const std::string_view map : {"elu1", "identity", "relu", "exp", "quadratic", "taylor2", "dpfp"}) {
    for (const std::int64_t n : {1, 33}) {
      for (const bool causal : {true, false}) {
        NamedTensors<float> in = qkv(2, n, 8, 5, 0.5);
        const FeatureMap phi{.kind = feature_kind(map)};
        const Tensor<double> q = apply_feature_map(phi, in.at("q").cast<double>());
        const Tensor<double> k = apply_feature_map(phi, in.at("k").cast<double>());
        const Tensor<double> v = in.at("v").cast<double>();
        const Tensor<float> s0 = truth::normal<float>({2, q.extent(2), 5}, 5), z0({2, q.extent(2)});
        in.emplace("S0", s0);
        in.emplace("z0", z0);
        const Json params{{"feature_map", map}, {"causal", causal}, {"normalize", false}, {"scale", 0.25}};
        const auto out = run("linear_attention", params, in);
        const truth::Linear expected =
            truth::linear_attention(q, k, v, causal, false, 0.25, 0, s0.cast<double>(), z0.cast<double>());
        CAPTURE(map);
        CHECK(truth::distance(out.at("o"), expected.output) <= kBound);
        CHECK(truth::distance(out.at("S"), expected.state) <= kBound);
        CHECK(truth::distance(out.at("z"), expected.normalizer) <= kBound);
      }
    }
  }
  const auto in = qkv(1, 40, 16, 16);
  const FeatureMap elu{.kind = FeatureKind::elu1};
  for (const bool causal : {true, false}) {
    const auto out = run("linear_attention", Json{{"causal", causal}, {"normalize", true}}, in);
    const truth::Linear expected = truth::linear_attention(apply_feature_map(elu, in.at("q").cast<double>()),
                                                           apply_feature_map(elu, in.at("k").cast<double>()),
                                                           in.at("v").cast<double>(), causal, true);
    CHECK(truth::distance(out.at("o"), expected.output) <= kBound);
  }
}

TEST_CASE("linear_attention_backward reaches the inputs through any map") {
  for (const std::string_view map : {"elu1", "exp", "taylor2"}) {
    for (const bool causal : {true, false}) {
      NamedTensors<double> in;
      for (const auto& [name, tensor] : qkv(1, 6, 4, 3, 0.7)) {
        in.emplace(name, tensor.cast<double>());
      }
      in.emplace("do", truth::normal<double>({1, 6, 3}, 9));
      const Json params{{"feature_map", map}, {"causal", causal}, {"normalize", true}};
      const auto out = run_algorithm(*find_algorithm("linear_attention_backward"), params, in);
      const auto loss = [&] {
        NamedTensors<double> forward = in;
        forward.erase("do");
        return truth::dot(in.at("do"),
                          run_algorithm(*find_algorithm("linear_attention"), params, forward).at("o"));
      };
      for (const char* name : {"q", "k", "v"}) {
        CHECK(truth::gradient_error(in.at(name), out.at("d" + std::string(name)), loss) <= 1e-6);
      }
    }
  }
}

TEST_CASE("gla under strong and total decay, from a state, with other widths") {
  for (const double strength : {0.01, 3.0, 80.0}) {
    NamedTensors<float> in = qkv(2, 70, 12, 5);
    Tensor<float> g = truth::normal<float>({2, 70, 12}, 4, strength);
    for (float& gate : g.span()) {
      gate = -std::abs(gate);
    }
    g[100] = -std::numeric_limits<float>::infinity();
    in.emplace("g", g);
    in.emplace("S0", truth::normal<float>({2, 12, 5}, 5));
    const auto out = run("gla", Json{{"scale", 0.3}}, in);
    const truth::Gated expected =
        truth::gated_linear_attention(in.at("q"), in.at("k"), in.at("v"), g, 0.3, in.at("S0"));
    CHECK(truth::distance(out.at("o"), expected.output) <= kBound);
    CHECK(truth::distance(out.at("S"), expected.state) <= kBound);
  }
}

TEST_CASE(
    "favor_plus and rfa: one token returns its value, rows of any size stay finite, gates need causality") {
  NamedTensors<float> in = qkv(1, 1, 8, 3);
  in.emplace("W", truth::normal<float>({20, 8}, 6));
  CHECK(truth::distance(run("favor_plus", Json{{"causal", true}, {"M", 20}}, in).at("o"),
                        in.at("v").cast<double>()) <= kBound);
  CHECK(truth::distance(run("rfa", Json{{"causal", true}, {"l2norm_qk", true}}, in).at("o"),
                        in.at("v").cast<double>()) <= kBound);
  NamedTensors<float> large = qkv(2, 30, 8, 3, 50);
  large.emplace("W", truth::normal<float>({20, 8}, 6));
  const auto out = run("favor_plus", Json{{"causal", true}}, large);
  for (const float value : out.at("o").span()) {
    CHECK(std::isfinite(value));
  }
  large.emplace("gate", Tensor<float>({2, 30}, std::vector<float>(60, 0.5F)));
  CHECK(run("rfa", Json::object(), large).at("o").shape() == Shape{2, 30, 3});
  CHECK(error_of("rfa", Json{{"causal", false}}, large).find("without causality") != std::string::npos);
}

TEST_CASE("what is wrong is said in words") {
  const auto in = qkv(1, 4, 8, 3);
  CHECK(error_of("linear_attention", Json{{"feature_map", "elu"}}, in).find("did you mean 'elu1'") !=
        std::string::npos);
  CHECK(error_of("linear_attention", Json{{"feature_map", "favor_positive"}}, in).find("W.npy") !=
        std::string::npos);
  CHECK(error_of("linear_attention", Json{{"scale", 0}}, in).find("scale 0") != std::string::npos);
  CHECK(error_of("linear_attention", Json{{"eps", -1}}, in).find("eps -1") != std::string::npos);
  CHECK(error_of("gla", Json::object(), in).find("needs the input g") != std::string::npos);
  NamedTensors<float> rows{{"x", truth::normal<float>({4, 8}, 1)}, {"W", truth::normal<float>({5, 8}, 2)}};
  CHECK(error_of("feature_maps", Json{{"M", 6}}, rows).find("the param M is 6") != std::string::npos);
  CHECK(error_of("feature_maps", Json{{"nu", 3}}, rows).find("nu") != std::string::npos);
}
