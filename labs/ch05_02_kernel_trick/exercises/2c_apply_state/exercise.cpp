// Exercise 2C: queries against the state of linear attention.
// SPDX-License-Identifier: MIT
#include <cmath>

#include "kernels/student/exercise.hpp"
#include "kernels/student/row_inputs.hpp"

namespace alab::student {
namespace {

constexpr Param kTokens = int_param("N", "tokens", "tokens", "Rows of PhiQ and of O.", 33, 1, 16384);
constexpr Param kFeatures =
    int_param("m", "features", "features", "Columns of PhiQ, rows of S.", 12, 1, 1024);
constexpr Param kValues =
    int_param("dv", "value dimension", "elements", "Columns of S and of O.", 10, 1, 65536);
constexpr Param kHeads = int_param("heads", "heads", "", "Rows of blocks of the launch.", 1, 1, 65535);
constexpr Param kEps = real_param("eps", "epsilon", "", "Added to the normaliser.", 0.5, 0, 16);
constexpr Param kAlone = int_param("alone", "last head alone", "",
                                   "1: only the last head runs, and the arrays hold its rows only. So places "
                                   "in arrays of many gigabytes can be tried.",
                                   0, 0, 1);
constexpr const Param* kParams[] = {&kTokens, &kFeatures, &kValues, &kHeads, &kEps, &kAlone};

std::vector<BufferSpec> buffers(const ParamSet& shape) {
  const std::int64_t heads = shape.integer(kAlone) != 0 ? 1 : shape.integer(kHeads),
                     n = shape.integer(kTokens), m = shape.integer(kFeatures), dv = shape.integer(kValues);
  constexpr std::int64_t kMost = std::int64_t{1} << 26;
  require(heads * n * dv <= kMost && heads * m * dv <= kMost && heads * n * m <= kMost, "heads = ", heads,
          ", N = ", n, ", m = ", m, ", dv = ", dv,
          " make an array of more than 2^26 elements; take fewer, or alone=1");
  return {{"PhiQ", {heads, n, m}},
          {"S", {heads, m, dv}},
          {"z", {heads, m}},
          {"O", {heads, n, dv}, BufferRole::output}};
}

HostArrays inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const std::vector<BufferSpec> arrays = buffers(shape);
  Rng rng(seed);
  HostArrays in;
  Tensor<float>& phi = in.f32["PhiQ"] = rows_of_kind(arrays[0].shape, kind, rng);
  in.f32["S"] = rows_of_kind(arrays[1].shape, kind, rng);
  Tensor<float>& z = in.f32["z"] = rows_of_kind(arrays[2].shape, "random", rng);
  for (Tensor<float>* positive : {&phi, &z}) {
    for (float& x : positive->span()) {
      x = std::fabs(x);  // features and their sums are not negative
    }
  }
  return in;
}

TruthArrays reference(const ParamSet& shape, const HostArrays& inputs) {
  const Tensor<float>&phi = inputs.f32.at("PhiQ"), &s = inputs.f32.at("S"), &z = inputs.f32.at("z");
  const std::int64_t heads = phi.extent(0), n = phi.extent(1), m = phi.extent(2), dv = s.extent(2);
  Tensor<double> o({heads, n, dv});
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t t = 0; t < n; ++t) {
      auto normaliser = static_cast<double>(static_cast<float>(shape.real(kEps)));
      for (std::int64_t f = 0; f < m; ++f) {
        const auto weight = static_cast<double>(phi(h, t, f));
        normaliser += weight * static_cast<double>(z(h, f));
        for (std::int64_t c = 0; c < dv; ++c) {
          o(h, t, c) += weight * static_cast<double>(s(h, f, c));
        }
      }
      for (std::int64_t c = 0; c < dv; ++c) {
        o(h, t, c) /= normaliser;
      }
    }
  }
  return {{"O", std::move(o)}};
}

}  // namespace

extern const Exercise exercise_2c_apply_state;
const Exercise exercise_2c_apply_state{.id = "2c_apply_state",
                                       .params = kParams,
                                       .input_kinds = kRowKinds,
                                       .buffers = buffers,
                                       .inputs = inputs,
                                       .reference = reference,
                                       .op = "apply_state"};

}  // namespace alab::student
