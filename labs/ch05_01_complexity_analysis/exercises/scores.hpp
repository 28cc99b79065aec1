// What the two exercises on scores have in common: S = scale Q K^T, head by head.
// SPDX-License-Identifier: MIT
#pragma once

#include "kernels/student/exercise.hpp"
#include "kernels/student/row_inputs.hpp"

namespace alab::student {

inline constexpr Param kScoresTokens =
    int_param("N", "tokens", "tokens", "Rows of Q and rows of K.", 37, 1, 4096);
inline constexpr Param kScoresWidth =
    int_param("d", "head dimension", "elements", "Width of a query and of a key.", 20, 1, 1024);
inline constexpr Param kScoresHeads =
    int_param("heads", "heads", "", "Independent matrices, one after the other.", 1, 1, 64);
inline constexpr Param kScoresScale =
    real_param("scale", "scale", "", "Factor on every score.", 0.3, -64, 64);

inline std::vector<BufferSpec> scores_buffers(const ParamSet& shape) {
  const std::int64_t heads = shape.integer(kScoresHeads), n = shape.integer(kScoresTokens),
                     d = shape.integer(kScoresWidth);
  return {{"Q", {heads, n, d}}, {"K", {heads, n, d}}, {"S", {heads, n, n}, BufferRole::output}};
}

inline HostArrays scores_inputs(const ParamSet& shape, std::string_view kind, std::uint64_t seed) {
  const Shape rows = scores_buffers(shape).front().shape;
  Rng rng(seed);
  HostArrays in;
  in.f32["Q"] = rows_of_kind(rows, kind, rng);
  in.f32["K"] = rows_of_kind(rows, kind, rng);
  return in;
}

inline TruthArrays scores_reference(const ParamSet& shape, const HostArrays& inputs) {
  const Tensor<float>&q = inputs.f32.at("Q"), &k = inputs.f32.at("K");
  const std::int64_t heads = q.extent(0), n = q.extent(1), d = q.extent(2);
  const auto scale = static_cast<double>(static_cast<float>(shape.real(kScoresScale)));
  Tensor<double> s({heads, n, n});
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t i = 0; i < n; ++i) {
      for (std::int64_t j = 0; j < n; ++j) {
        double sum = 0;
        for (std::int64_t c = 0; c < d; ++c) {
          sum += static_cast<double>(q(h, i, c)) * static_cast<double>(k(h, j, c));
        }
        s(h, i, j) = scale * sum;
      }
    }
  }
  return {{"S", std::move(s)}};
}

}  // namespace alab::student
