// Truth for the tests of the reference room: attention by its definition in long double, one score at a time,
// and random tensors. Shares no code with the forms under test. SPDX-License-Identifier: MIT
#pragma once

#include <cmath>
#include <limits>
#include <vector>

#include "reference/core/compare.hpp"
#include "reference/core/rng.hpp"
#include "reference/core/tensor.hpp"

namespace alab::truth {

template <class T>
Tensor<T> normal(Shape shape, std::uint64_t seed, double factor = 1) {
  Tensor<T> out(std::move(shape));
  Rng rng(seed);
  for (T& value : out.span()) {
    value = static_cast<T>(factor * rng.normal());
  }
  return out;
}

struct Attention {
  Tensor<double> output, logsumexp, weights;
};

/// scale 0: 1/sqrt(dk). mask: empty or [H, Nq, Nk].
template <class T>
Attention attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, bool causal, double scale,
                    const Tensor<T>& mask = {}) {
  const std::int64_t heads = q.extent(0), rows = q.extent(1), cols = k.extent(1), width = v.extent(2);
  const long double factor = scale != 0 ? scale : 1.0L / std::sqrt(static_cast<long double>(q.extent(2)));
  Attention out{Tensor<double>({heads, rows, width}), Tensor<double>({heads, rows}),
                Tensor<double>({heads, rows, cols})};
  std::vector<long double> s(static_cast<std::size_t>(cols));
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t i = 0; i < rows; ++i) {
      long double m = -std::numeric_limits<long double>::infinity(), l = 0;
      for (std::int64_t j = 0; j < cols; ++j) {
        long double dot = 0;
        for (std::int64_t c = 0; c < q.extent(2); ++c) {
          dot += static_cast<long double>(q(h, i, c)) * k(h, j, c);
        }
        const bool hidden = causal && j > i + cols - rows;
        auto& score = s[static_cast<std::size_t>(j)];
        score = hidden ? -std::numeric_limits<long double>::infinity()
                       : factor * dot + (mask.empty() ? 0.0L : static_cast<long double>(mask(h, i, j)));
        m = std::max(m, score);
      }
      const bool empty = std::isinf(m);
      for (std::int64_t j = 0; j < cols && !empty; ++j) {
        l += std::exp(s[static_cast<std::size_t>(j)] - m);
      }
      out.logsumexp(h, i) = static_cast<double>(empty ? m : m + std::log(l));
      for (std::int64_t j = 0; j < cols; ++j) {
        auto& weight = s[static_cast<std::size_t>(j)];
        weight = empty ? 0 : std::exp(weight - m) / l;
        out.weights(h, i, j) = static_cast<double>(weight);
      }
      for (std::int64_t c = 0; c < width; ++c) {
        long double sum = 0;
        for (std::int64_t j = 0; j < cols; ++j) {
          sum += s[static_cast<std::size_t>(j)] * v(h, j, c);
        }
        out.output(h, i, c) = static_cast<double>(sum);
      }
    }
  }
  return out;
}

/// Relative L2 distance; NaN when infinities or NaN are not in the same places.
template <class T>
double distance(const Tensor<T>& got, const Tensor<double>& expected) {
  const Difference d = difference<T>(got.span(), expected.span());
  return got.shape() == expected.shape() && d.comparable ? d.rel_l2
                                                         : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace alab::truth
