// Rows and gates that the exercises on gated linear attention draw.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>

#include "reference/core/rng.hpp"
#include "reference/core/tensor.hpp"

namespace alab::student {

/// zeros: every array, gates of 1 included; constant: all rows of a head are one row; ascending, descending:
/// keys that grow or shrink 64-fold over the sequence; spike: all keys but one near the end are zero; forget:
/// every log gate is -40; keep: every log gate is 0.
inline constexpr std::string_view kGatedInputKinds[] = {"random",     "zeros", "constant", "ascending",
                                                        "descending", "spike", "forget",   "keep"};

/// Normal numbers [heads, tokens, width].
inline Tensor<float> normal_rows(const Shape& shape, std::string_view kind, Rng& rng) {
  Tensor<float> rows(shape);
  const std::int64_t head = shape[1] * shape[2];
  for (std::int64_t i = 0; kind != "zeros" && i < rows.size(); ++i) {
    const bool repeats = kind == "constant" && i % head >= shape[2];
    rows[i] = repeats ? rows[i - shape[2]] : static_cast<float>(rng.normal());
  }
  return rows;
}

/// Normal rows, each token's times the weight that the kind gives it.
inline Tensor<float> gated_key_rows(const Shape& shape, std::string_view kind, Rng& rng) {
  constexpr double kOctaves = 6;
  Tensor<float> rows = normal_rows(shape, kind, rng);
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

/// Log gates: gates uniform in [low, high], one per token and key channel.
inline Tensor<float> log_gates(const Shape& shape, std::string_view kind, double low, double high, Rng& rng) {
  constexpr float kForgotten = -40;
  Tensor<float> gates(shape);
  const std::int64_t head = shape[1] * shape[2];
  for (std::int64_t i = 0; i < gates.size(); ++i) {
    const bool repeats = kind == "constant" && i % head >= shape[2];
    const auto drawn = static_cast<float>(std::log(rng.uniform(low, high)));
    gates[i] = repeats ? gates[i - shape[2]] : drawn;
  }
  if (kind == "zeros" || kind == "keep" || kind == "forget") {
    std::ranges::fill(gates.span(), kind == "forget" ? kForgotten : 0.0F);
  }
  return gates;
}

/// |x|, what a sum's error is measured against where its terms cancel.
inline Tensor<double> absolute(const Tensor<float>& x) {
  Tensor<double> out = x.cast<double>();
  std::ranges::transform(out.span(), out.span().begin(), [](double value) { return std::abs(value); });
  return out;
}

}  // namespace alab::student
