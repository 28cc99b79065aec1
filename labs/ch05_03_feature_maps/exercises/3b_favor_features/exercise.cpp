// Exercise 3B: positive random features (FAVOR+) with a stabiliser.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "kernels/student/exercise.hpp"
#include "kernels/student/row_inputs.hpp"

namespace alab::student {
namespace {

constexpr Param kRows = int_param("N", "rows", "rows", "Rows of X, one block each.", 33, 1, 16384);
constexpr Param kWidth = int_param("d", "width", "elements", "Columns of X and of W.", 20, 1, 1024);
constexpr Param kFeatures = int_param("m", "features", "features", "Rows of W, columns of Phi.", 24, 1, 4096);
constexpr Param kIsQuery =
    int_param("is_query", "rows are queries", "",
              "1: the constant is each row's own largest exponent; 0: one constant for all keys.", 1, 0, 1);
constexpr const Param* kParams[] = {&kRows, &kWidth, &kFeatures, &kIsQuery};

/// long: random rows times 10, whose exponents reach the hundreds.
constexpr std::array<std::string_view, 7> kKinds{"random",     "zeros", "constant", "ascending",
                                                 "descending", "spike", "long"};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t n = shape.integer(kRows), d = shape.integer(kWidth), m = shape.integer(kFeatures);
  const std::int64_t constants = shape.integer(kIsQuery) != 0 ? n : 1;
  return {
      {"X", {n, d}}, {"W", {m, d}}, {"rowmax_or_global", {constants}}, {"Phi", {n, m}, BufferRole::output}};
}

// w_j . x~ - |x~|^2 / 2 for every row and feature, with x~ = d^(-1/4) x.
Tensor<double> exponents(const Tensor<float>& x, const Tensor<float>& w) {
  const std::int64_t n = x.extent(0), d = x.extent(1), m = w.extent(0);
  const double shrink = 1 / std::sqrt(std::sqrt(static_cast<double>(d)));
  Tensor<double> out({n, m});
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < m; ++j) {
      for (std::int64_t c = 0; c < d; ++c) {
        const double scaled = shrink * static_cast<double>(x(i, c));
        out(i, j) += static_cast<double>(w(j, c)) * scaled - scaled * scaled / 2;
      }
    }
  }
  return out;
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::int64_t n = shape.integer(kRows), d = shape.integer(kWidth), m = shape.integer(kFeatures);
  Rng rng(seed);
  HostArrays in;
  Tensor<float>& x = in.f32["X"] = rows_of_kind({n, d}, kind == "long" ? "random" : kind, rng);
  for (float& element : x.span()) {
    element *= kind == "long" ? 10.0F : 1.0F;
  }
  in.f32["W"] = rows_of_kind({m, d}, "random", rng);
  const Tensor<double> exponent = exponents(x, in.f32["W"]);
  Tensor<float>& constant = in.f32["rowmax_or_global"] =
      Tensor<float>({shape.integer(kIsQuery) != 0 ? n : 1});
  std::fill(constant.span().begin(), constant.span().end(), -std::numeric_limits<float>::infinity());
  for (std::int64_t i = 0; i < exponent.size(); ++i) {
    float& largest = constant[constant.size() == 1 ? 0 : i / m];
    largest = std::max(largest, static_cast<float>(exponent[i]));
  }
  return in;
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  const Tensor<float>& constant = inputs.f32.at("rowmax_or_global");
  Tensor<double> phi = exponents(inputs.f32.at("X"), inputs.f32.at("W"));
  const std::int64_t m = phi.extent(1);
  for (std::int64_t i = 0; i < phi.size(); ++i) {
    const float c = constant[constant.size() == 1 ? 0 : i / m];
    phi[i] = std::exp(phi[i] - static_cast<double>(c)) / std::sqrt(static_cast<double>(m));
  }
  return {{"Phi", std::move(phi)}};
}

}  // namespace

extern const Exercise exercise_3b_favor_features;
const Exercise exercise_3b_favor_features{.id = "3b_favor_features",
                                          .params = kParams,
                                          .input_kinds = kKinds,
                                          .buffers = buffers,
                                          .inputs = inputs,
                                          .reference = reference,
                                          .op = "feature_favor"};

}  // namespace alab::student
