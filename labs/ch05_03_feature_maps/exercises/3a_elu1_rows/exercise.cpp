// Exercise 3A: elu + 1 and its derivative.
// SPDX-License-Identifier: MIT
#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/student/exercise.hpp"
#include "kernels/student/row_inputs.hpp"

namespace alab::student {
namespace {

constexpr Param kCount =
    int_param("n", "elements", "elements", "Elements of X, of all rows and heads.", 521, 1, 1 << 22);
constexpr const Param* kParams[] = {&kCount};

/// ascending, descending: from -8 to 8 and back. large: normal times 40, beyond what exp can hold.
constexpr std::array<std::string_view, 7> kKinds{"random",     "zeros", "constant", "ascending",
                                                 "descending", "spike", "large"};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t n = shape.integer(kCount);
  return {{"X", {n}}, {"Y", {n}, BufferRole::output}, {"dY", {n}, BufferRole::output}};
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::int64_t n = shape.integer(kCount);
  const bool large = kind == "large", ramp = kind == "ascending" || kind == "descending";
  Rng rng(seed);
  Tensor<float> x = rows_of_kind({n, 1}, large ? "random" : kind, rng);
  for (std::int64_t i = 0; i < n; ++i) {
    const double place = n == 1 ? 0 : 16 * static_cast<double>(i) / static_cast<double>(n - 1) - 8;
    x[i] = ramp ? static_cast<float>(kind == "ascending" ? place : -place) : large ? 40 * x[i] : x[i];
  }
  HostArrays in;
  in.f32["X"] = Tensor<float>({n});
  std::copy(x.span().begin(), x.span().end(), in.f32["X"].span().begin());
  return in;
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  const Tensor<double> x = inputs.f32.at("X").cast<double>();
  Tensor<double> y(x.shape()), slope(x.shape());
  for (std::int64_t i = 0; i < x.size(); ++i) {
    y[i] = x[i] > 0 ? x[i] + 1 : std::exp(x[i]);
    slope[i] = x[i] > 0 ? 1 : std::exp(x[i]);
  }
  return {{"Y", std::move(y)}, {"dY", std::move(slope)}};
}

}  // namespace

extern const Exercise exercise_3a_elu1_rows;
const Exercise exercise_3a_elu1_rows{.id = "3a_elu1_rows",
                                     .params = kParams,
                                     .input_kinds = kKinds,
                                     .buffers = buffers,
                                     .inputs = inputs,
                                     .reference = reference,
                                     .op = "feature_elu1"};

}  // namespace alab::student
