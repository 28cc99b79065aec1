// Rows that the exercises on causal linear attention draw: features (positive, as elu + 1 makes them) and
// values. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include "reference/core/rng.hpp"
#include "reference/core/tensor.hpp"

namespace alab::student {

/// zeros: every array; constant: all rows of a head are one row; ascending, descending: keys that grow or
/// shrink 64-fold over the sequence; spike: all keys but one in the last quarter are zero.
inline constexpr std::string_view kFeatureInputKinds[] = {"random",    "zeros",      "constant",
                                                          "ascending", "descending", "spike"};

/// Normal numbers [heads, tokens, width].
inline Tensor<float> value_rows(const Shape& shape, std::string_view kind, Rng& rng) {
  Tensor<float> rows(shape);
  const std::int64_t head = shape[1] * shape[2];
  for (std::int64_t i = 0; kind != "zeros" && i < rows.size(); ++i) {
    const bool repeats = kind == "constant" && i % head >= shape[2];
    rows[i] = repeats ? rows[i - shape[2]] : static_cast<float>(rng.normal());
  }
  return rows;
}

/// elu(x) + 1 of them; zeros stay zero.
inline Tensor<float> feature_rows(const Shape& shape, std::string_view kind, Rng& rng) {
  Tensor<float> rows = value_rows(shape, kind, rng);
  for (float& x : rows.span()) {
    x = kind == "zeros" ? 0 : (x > 0 ? x + 1 : std::exp(x));
  }
  return rows;
}

/// Feature rows, each token's times the weight that the kind gives it.
inline Tensor<float> key_rows(const Shape& shape, std::string_view kind, Rng& rng) {
  constexpr double kOctaves = 6;
  Tensor<float> rows = feature_rows(shape, kind, rng);
  const std::int64_t last = shape[1] - 1;
  for (std::int64_t i = 0; i < rows.size(); ++i) {
    const std::int64_t token = i / shape[2] % shape[1];
    const double grown =
        kOctaves * static_cast<double>(token) / static_cast<double>(std::max<std::int64_t>(last, 1));
    const double weight = kind == "ascending"    ? std::exp2(grown)
                          : kind == "descending" ? std::exp2(kOctaves - grown)
                          : kind == "spike"      ? (token == last - last / 8 ? 8 : 0)
                                                 : 1;
    rows[i] = static_cast<float>(rows[i] * weight);
  }
  return rows;
}

/// |x|, what a sum's error is measured against where its terms cancel.
inline Tensor<double> absolute(const Tensor<float>& x) {
  Tensor<double> out = x.cast<double>();
  std::ranges::transform(out.span(), out.span().begin(), [](double value) { return std::abs(value); });
  return out;
}

}  // namespace alab::student
