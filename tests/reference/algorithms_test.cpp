// The case format: worked cases within their own tolerances, other shapes against truth, errors in words.
// SPDX-License-Identifier: MIT
#include "reference/algorithms.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "reference/core/npy.hpp"
#include "tests/folders.hpp"
#include "tests/reference/truth.hpp"

using namespace alab;

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

template <class T>
NamedTensors<T> inputs_of(const std::filesystem::path& folder, const Json& meta) {
  NamedTensors<T> inputs;
  for (const auto& item : meta.at("inputs").items()) {
    inputs.emplace(item.key(), read_npy<T>(folder / (item.key() + ".npy")));
  }
  return inputs;
}

/// The rule of the case format: both bounds, over finite entries; the others match exactly.
template <class T>
void check_case(const std::filesystem::path& folder, double share) {
  const Json meta = read_json(folder / "meta.json");
  const Algorithm* algorithm = find_algorithm(meta.at("algorithm").get<std::string>());
  REQUIRE(algorithm != nullptr);
  const NamedTensors<T> outputs = run_algorithm(*algorithm, meta.at("params"), inputs_of<T>(folder, meta));
  CHECK(outputs.size() == meta.at("outputs").size());
  for (const auto& item : meta.at("tolerance_fp32").items()) {
    CAPTURE(folder.filename().string());
    CAPTURE(item.key());
    REQUIRE(outputs.contains(item.key()));
    const Tensor<T>& got = outputs.at(item.key());
    const Tensor<double> expected = read_npy<double>(folder / ("expected_" + item.key() + ".npy"));
    CHECK(got.shape() == expected.shape());
    const Difference d = difference<T>(got.span(), expected.span());
    const Tolerance bound{share * item.value().at("rel_l2").get<double>(),
                          share * item.value().at("max_abs").get<double>()};
    CAPTURE(d.rel_l2);
    CAPTURE(d.max_abs);
    CHECK(within(d, bound));
  }
}

std::vector<std::filesystem::path> cases() {
  std::vector<std::filesystem::path> folders;
  for (const auto& entry : std::filesystem::directory_iterator(
           std::filesystem::path(alab::tests::source_folder()) / "tests/golden/cases")) {
    const Json meta = read_json(entry.path() / "meta.json");
    if (find_algorithm(meta.at("algorithm").get<std::string>())) {
      folders.push_back(entry.path());
    }
  }
  return folders;
}

std::string error_of(std::string_view name, const Json& params, const NamedTensors<float>& inputs) {
  try {
    run_algorithm(*find_algorithm(name), params, inputs);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

NamedTensors<float> qkv(std::int64_t heads, std::int64_t rows, std::int64_t cols, std::int64_t dk,
                        std::int64_t dv, double factor = 1) {
  return {{"q", truth::normal<float>({heads, rows, dk}, 1, factor)},
          {"k", truth::normal<float>({heads, cols, dk}, 2, factor)},
          {"v", truth::normal<float>({heads, cols, dv}, 3)}};
}

}  // namespace

TEST_CASE("every worked case passes in f32 within its tolerance, and in f64 within a thousandth of it") {
  REQUIRE(cases().size() >= 4);
  for (const auto& folder : cases()) {
    check_case<float>(folder, 1);
    check_case<double>(folder, 1e-3);
  }
}

TEST_CASE("a case whose truth is disturbed by a ten-thousandth does not pass") {
  const std::filesystem::path folder =
      std::filesystem::path(alab::tests::source_folder()) / "tests/golden/cases/softmax_causal_n7_d48_scale";
  const Json meta = read_json(folder / "meta.json");
  const auto outputs =
      run_algorithm(*find_algorithm("softmax_attention"), meta.at("params"), inputs_of<float>(folder, meta));
  Tensor<double> expected = read_npy<double>(folder / "expected_o.npy");
  expected[5] += 1e-4;
  const Json& bound = meta.at("tolerance_fp32").at("o");
  CHECK_FALSE(within(difference<float>(outputs.at("o").span(), expected.span()),
                     {bound.at("rel_l2").get<double>(), bound.at("max_abs").get<double>()}));
}

TEST_CASE("softmax_attention in f32 holds 2e-6 on other sizes and values") {
  struct Try {
    std::int64_t heads, rows, cols, dk, dv;
    bool causal;
    double factor;
  };
  for (const Try& t :
       {Try{1, 1, 1, 16, 16, true, 1}, Try{2, 1, 50, 8, 24, true, 1}, Try{3, 33, 33, 1, 1, false, 1},
        Try{1, 65, 129, 64, 32, true, 1}, Try{2, 129, 65, 48, 80, true, 1}, Try{1, 63, 63, 64, 64, false, 9},
        Try{1, 100, 100, 16, 16, true, 50}, Try{1, 2000, 2000, 64, 64, true, 1}}) {
    const NamedTensors<float> in = qkv(t.heads, t.rows, t.cols, t.dk, t.dv, t.factor);
    const auto out = run_algorithm(*find_algorithm("softmax_attention"), Json{{"causal", t.causal}}, in);
    const truth::Attention expected = truth::attention(in.at("q"), in.at("k"), in.at("v"), t.causal, 0);
    CAPTURE(t.rows);
    CAPTURE(t.factor);
    CHECK(truth::distance(out.at("o"), expected.output) <= 2e-6);
    CHECK(truth::distance(out.at("lse"), expected.logsumexp) <= 2e-6);
  }
}

TEST_CASE("masks are added, broadcast over heads, and a row that sees no key gives 0 and -inf") {
  const NamedTensors<float> base = qkv(2, 5, 6, 8, 4);
  Tensor<float> mask = truth::normal<float>({5, 6}, 4);
  for (std::int64_t j = 0; j < 6; ++j) {
    mask(3, j) = -std::numeric_limits<float>::infinity();
  }
  Tensor<float> full({2, 5, 6});
  for (std::int64_t n = 0; n < full.size(); ++n) {
    full[n] = mask[n % 30];
  }
  NamedTensors<float> in = base;
  in.emplace("mask", mask);
  const auto out = run_algorithm(*find_algorithm("softmax_attention"), Json{{"mask", "additive"}}, in);
  const truth::Attention expected =
      truth::attention(base.at("q"), base.at("k"), base.at("v"), false, 0, full);
  CHECK(expected.logsumexp(1, 3) == -kInf);
  CHECK(truth::distance(out.at("o"), expected.output) <= 2e-6);
  CHECK(truth::distance(out.at("lse"), expected.logsumexp) <= 2e-6);
  in.insert_or_assign("mask", full);
  CHECK(run_algorithm(*find_algorithm("softmax_attention"), Json::object(), in).at("o") == out.at("o"));

  Tensor<float> keep({5, 6});
  Tensor<float> additive({2, 5, 6});
  for (std::int64_t n = 0; n < additive.size(); ++n) {
    keep[n % 30] = n % 7 < 3 && n < 30 ? 1.0F : keep[n % 30];
  }
  for (std::int64_t n = 0; n < additive.size(); ++n) {
    additive[n] = keep[n % 30] != 0 ? 0.0F : -std::numeric_limits<float>::infinity();
  }
  in.insert_or_assign("mask", keep);
  const auto boolean = run_algorithm(*find_algorithm("softmax_attention"), Json{{"mask", "boolean"}}, in);
  CHECK(truth::distance(
            boolean.at("o"),
            truth::attention(base.at("q"), base.at("k"), base.at("v"), false, 0, additive).output) <= 2e-6);
}

TEST_CASE("gradients of a row that sees one key are exactly zero in dq") {
  for (const std::int64_t n : {std::int64_t{1}, std::int64_t{7}}) {
    NamedTensors<float> in = qkv(1, n, n, 16, 24);
    in.emplace("do", truth::normal<float>({1, n, 24}, 9));
    const auto out = run_algorithm(*find_algorithm("softmax_attention_backward"), Json{{"causal", true}}, in);
    for (std::int64_t c = 0; c < 16; ++c) {
      CHECK(out.at("dq")(0, 0, c) == 0.0F);
    }
  }
}

TEST_CASE("backward in f32 agrees with f64 on sizes that nothing divides") {
  for (const bool causal : {false, true}) {
    NamedTensors<float> in = qkv(2, 37, 53, 24, 40, 2);
    in.emplace("do", truth::normal<float>({2, 37, 40}, 9));
    NamedTensors<double> wide;
    for (const auto& [name, tensor] : in) {
      wide.emplace(name, tensor.cast<double>());
    }
    const Json params{{"causal", causal}, {"scale", 0.25}};
    const auto got = run_algorithm(*find_algorithm("softmax_attention_backward"), params, in);
    const auto expected = run_algorithm(*find_algorithm("softmax_attention_backward"), params, wide);
    for (const auto& [name, tensor] : expected) {
      CAPTURE(name);
      CHECK(truth::distance(got.at(name), tensor) <= 2e-6);
    }
  }
}

TEST_CASE("online_softmax in f32 holds 2e-6 for a hundred thousand columns") {
  const Tensor<float> x = truth::normal<float>({2, 100000}, 5, 3);
  const auto out =
      run_algorithm(*find_algorithm("online_softmax"), Json::object(), NamedTensors<float>{{"x", x}});
  const auto expected = run_algorithm(*find_algorithm("online_softmax"), Json::object(),
                                      NamedTensors<double>{{"x", x.cast<double>()}});
  for (const char* name : {"y", "m", "d", "lse"}) {
    CHECK(truth::distance(out.at(name), expected.at(name)) <= 1e-6);
  }
}

TEST_CASE("errors of a case are sentences that name the value and the next step") {
  const NamedTensors<float> good = qkv(2, 5, 6, 8, 4);
  CHECK(error_of("softmax_attention", Json::object(), good) == "");
  NamedTensors<float> missing = good;
  missing.erase("v");
  CHECK(error_of("softmax_attention", Json::object(), missing).find("needs the input v: add v.npy") !=
        std::string::npos);
  NamedTensors<float> extra = good;
  extra.emplace("w", Tensor<float>({1}));
  CHECK(
      error_of("softmax_attention", Json::object(), extra).find("has no input w: it takes q, k, v or mask") !=
      std::string::npos);
  CHECK(error_of("softmax_attention", Json{{"causl", true}}, good).find("causl") != std::string::npos);
  CHECK(error_of("softmax_attention", Json{{"causal", 1}}, good).find("must be true or false, got 1") !=
        std::string::npos);
  CHECK(error_of("softmax_attention", Json{{"scale", "big"}}, good).find("must be a number") !=
        std::string::npos);
  CHECK(error_of("softmax_attention", Json{{"scale", 0}}, good).find("scale 0") != std::string::npos);
  CHECK(error_of("softmax_attention", Json{{"mask", "padding"}}, good).find("add mask.npy") !=
        std::string::npos);

  const auto with = [&](const char* name, Shape shape) {
    NamedTensors<float> in = good;
    in.insert_or_assign(name, Tensor<float>(std::move(shape)));
    return error_of("softmax_attention", Json::object(), in);
  };
  CHECK(with("q", {5, 8}).find("[5, 8]") != std::string::npos);
  CHECK(with("q", {2, 5, 7}).find("same head_dim, got 7 and 8") != std::string::npos);
  CHECK(with("k", {1, 6, 8}).find("same number of heads") != std::string::npos);
  CHECK(with("v", {2, 7, 4}).find("same number of tokens, got 6 and 7") != std::string::npos);
  CHECK(with("q", {2, 0, 8}).find("at least one element") != std::string::npos);
  CHECK(with("mask", {5, 5}).find("does not fit scores of shape [2, 5, 6]") != std::string::npos);
  CHECK(with("mask", {0}).find("at least one element") != std::string::npos);
  CHECK(error_of("online_softmax", Json::object(), {{"x", Tensor<float>({4})}}).find("[rows, V]") !=
        std::string::npos);
  NamedTensors<float> parts{{"m1", Tensor<float>({3})},    {"d1", Tensor<float>({3})},
                            {"o1", Tensor<float>({3, 2})}, {"m2", Tensor<float>({3})},
                            {"d2", Tensor<float>({2})},    {"o2", Tensor<float>({3, 2})}};
  CHECK(error_of("online_softmax_merge", Json::object(), parts).find("[2]") != std::string::npos);
  NamedTensors<float> back = good;
  back.emplace("do", Tensor<float>({2, 5, 5}));
  CHECK(error_of("softmax_attention_backward", Json::object(), back).find("the output has [2, 5, 4]") !=
        std::string::npos);
  CHECK(find_algorithm("softmax_atention") == nullptr);
}

TEST_CASE("every algorithm of the registry is complete and unique") {
  std::vector<std::string_view> names;
  for (const Algorithm& algorithm : all_algorithms()) {
    CHECK(bool(algorithm.run_f32));
    CHECK(bool(algorithm.run_f64));
    CHECK_FALSE(algorithm.doc.empty());
    CHECK_FALSE(algorithm.layout.empty());
    CHECK_FALSE(algorithm.inputs.empty());
    CHECK_FALSE(algorithm.outputs.empty());
    CHECK(std::find(names.begin(), names.end(), algorithm.name) == names.end());
    names.push_back(algorithm.name);
  }
  CHECK(names.size() >= 4);
}
