// Exercise 2A: the packed features of the kernel (x.y)^2.
// SPDX-License-Identifier: MIT
#include <cmath>

#include "kernels/student/exercise.hpp"
#include "kernels/student/row_inputs.hpp"

namespace alab::student {
namespace {

constexpr Param kRows = int_param("N", "rows", "rows", "Rows of X, one block each.", 33, 1, 16384);
constexpr Param kWidth = int_param("d", "width", "elements", "Columns of X.", 12, 1, 512);
constexpr const Param* kParams[] = {&kRows, &kWidth};

std::int64_t features(std::int64_t d) {
  return d * (d + 1) / 2;
}

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t n = shape.integer(kRows), d = shape.integer(kWidth);
  return {{"X", {n, d}}, {"Phi", {n, features(d)}, BufferRole::output}};
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  Rng rng(seed);
  HostArrays in;
  in.f32["X"] = rows_of_kind({shape.integer(kRows), shape.integer(kWidth)}, kind, rng);
  return in;
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  const Tensor<double> x = inputs.f32.at("X").cast<double>();
  const std::int64_t n = x.extent(0), d = x.extent(1);
  Tensor<double> phi({n, features(d)});
  for (std::int64_t row = 0; row < n; ++row) {
    std::int64_t next = 0;
    for (std::int64_t i = 0; i < d; ++i) {
      phi(row, next++) = x(row, i) * x(row, i);
    }
    for (std::int64_t i = 0; i < d; ++i) {
      for (std::int64_t j = i + 1; j < d; ++j) {
        phi(row, next++) = std::sqrt(2.0) * x(row, i) * x(row, j);
      }
    }
  }
  return {{"Phi", std::move(phi)}};
}

}  // namespace

extern const Exercise exercise_2a_poly2_features;
const Exercise exercise_2a_poly2_features{.id = "2a_poly2_features",
                                          .params = kParams,
                                          .input_kinds = kRowKinds,
                                          .buffers = buffers,
                                          .inputs = inputs,
                                          .reference = reference,
                                          .op = "feature_poly2"};

}  // namespace alab::student
