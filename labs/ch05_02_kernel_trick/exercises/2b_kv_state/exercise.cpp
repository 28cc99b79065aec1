// Exercise 2B: the state of linear attention, S = phi(K)^T V and z, the column sums of phi(K).
// SPDX-License-Identifier: MIT
#include <cmath>

#include "kernels/student/exercise.hpp"
#include "kernels/student/row_inputs.hpp"

namespace alab::student {
namespace {

constexpr Param kTokens = int_param("N", "tokens", "tokens", "Rows of PhiK and of V.", 33, 1, 16384);
constexpr Param kFeatures =
    int_param("m", "features", "features", "Columns of PhiK, rows of S.", 12, 1, 1024);
constexpr Param kValues =
    int_param("dv", "value dimension", "elements", "Columns of V and of S.", 10, 1, 1024);
constexpr Param kHeads = int_param("heads", "heads", "", "Blocks of the launch.", 1, 1, 256);
constexpr const Param* kParams[] = {&kTokens, &kFeatures, &kValues, &kHeads};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t heads = shape.integer(kHeads), n = shape.integer(kTokens), m = shape.integer(kFeatures),
                     dv = shape.integer(kValues);
  return {{"PhiK", {heads, n, m}},
          {"V", {heads, n, dv}},
          {"S", {heads, m, dv}, BufferRole::output},
          {"z", {heads, m}, BufferRole::output}};
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::vector<BufferSpec> arrays = buffers(shape);
  Rng rng(seed);
  HostArrays in;
  Tensor<float>& phi = in.f32["PhiK"] = rows_of_kind(arrays[0].shape, kind, rng);
  for (float& x : phi.span()) {
    x = std::fabs(x);  // features are not negative
  }
  in.f32["V"] = rows_of_kind(arrays[1].shape, kind, rng);
  return in;
}

TruthArrays reference(const ParamSet&, const HostArrays& inputs) {
  const Tensor<float>&phi = inputs.f32.at("PhiK"), &v = inputs.f32.at("V");
  const std::int64_t heads = phi.extent(0), n = phi.extent(1), m = phi.extent(2), dv = v.extent(2);
  Tensor<double> s({heads, m, dv}), z({heads, m});
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t t = 0; t < n; ++t) {
      for (std::int64_t f = 0; f < m; ++f) {
        const auto weight = static_cast<double>(phi(h, t, f));
        z(h, f) += weight;
        for (std::int64_t c = 0; c < dv; ++c) {
          s(h, f, c) += weight * static_cast<double>(v(h, t, c));
        }
      }
    }
  }
  return {{"S", std::move(s)}, {"z", std::move(z)}};
}

}  // namespace

extern const Exercise exercise_2b_kv_state;
const Exercise exercise_2b_kv_state{.id = "2b_kv_state",
                                    .params = kParams,
                                    .input_kinds = kRowKinds,
                                    .buffers = buffers,
                                    .inputs = inputs,
                                    .reference = reference,
                                    .op = "kv_state"};

}  // namespace alab::student
