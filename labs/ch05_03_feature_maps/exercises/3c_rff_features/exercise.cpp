// Exercise 3C: random Fourier features of the Gaussian kernel.
// SPDX-License-Identifier: MIT
#include <cmath>
#include <numbers>

#include "kernels/student/exercise.hpp"
#include "kernels/student/row_inputs.hpp"

namespace alab::student {
namespace {

constexpr Param kRows = int_param("N", "rows", "rows", "Rows of X, one block each.", 33, 1, 16384);
constexpr Param kWidth = int_param("d", "width", "elements", "Columns of X and of W.", 20, 1, 1024);
constexpr Param kFeatures = int_param("D", "features", "features", "Rows of W, columns of Z.", 24, 1, 4096);
constexpr const Param* kParams[] = {&kRows, &kWidth, &kFeatures};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t n = shape.integer(kRows), d = shape.integer(kWidth), features = shape.integer(kFeatures);
  return {{"X", {n, d}}, {"W", {features, d}}, {"b", {features}}, {"Z", {n, features}, BufferRole::output}};
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::int64_t n = shape.integer(kRows), d = shape.integer(kWidth), features = shape.integer(kFeatures);
  Rng rng(seed);
  HostArrays in;
  in.f32["X"] = rows_of_kind({n, d}, kind, rng);
  in.f32["W"] = rows_of_kind({features, d}, "random", rng);
  Tensor<float>& phase = in.f32["b"] = Tensor<float>({features});
  for (float& b : phase.span()) {
    b = static_cast<float>(rng.uniform(0, 2 * std::numbers::pi));
  }
  return in;
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  const Tensor<float>&x = inputs.f32.at("X"), &w = inputs.f32.at("W"), &phase = inputs.f32.at("b");
  const std::int64_t n = x.extent(0), d = x.extent(1), features = w.extent(0);
  Tensor<double> z({n, features});
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t j = 0; j < features; ++j) {
      auto angle = static_cast<double>(phase[j]);
      for (std::int64_t c = 0; c < d; ++c) {
        angle += static_cast<double>(w(j, c)) * static_cast<double>(x(i, c));
      }
      z(i, j) = std::sqrt(2 / static_cast<double>(features)) * std::cos(angle);
    }
  }
  return {{"Z", std::move(z)}};
}

}  // namespace

extern const Exercise exercise_3c_rff_features;
const Exercise exercise_3c_rff_features{.id = "3c_rff_features",
                                        .params = kParams,
                                        .input_kinds = kRowKinds,
                                        .buffers = buffers,
                                        .inputs = inputs,
                                        .reference = reference,
                                        .op = "feature_rff"};

}  // namespace alab::student
