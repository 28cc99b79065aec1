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

struct Linear {
  Tensor<double> output, denominator, state, normalizer;
};

/// Linear attention by its definition: every pair of tokens on its own. q, k are features; S0, z0 may be
/// empty.
template <class T>
Linear linear_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, bool causal,
                        bool normalize, double scale = 1, double eps = 0, const Tensor<T>& s0 = {},
                        const Tensor<T>& z0 = {}) {
  const std::int64_t heads = q.extent(0), n = q.extent(1), m = q.extent(2), dv = v.extent(2);
  Linear out{Tensor<double>({heads, n, dv}), Tensor<double>({heads, n}), Tensor<double>({heads, m, dv}),
             Tensor<double>({heads, m})};
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t i = 0; i < n; ++i) {
      std::vector<long double> sum(static_cast<std::size_t>(dv));
      long double den = 0;
      const auto add = [&](long double weight, const auto& value, std::int64_t row) {
        for (std::int64_t c = 0; c < dv && !value.empty(); ++c) {
          sum[static_cast<std::size_t>(c)] += weight * value(h, row, c);
        }
      };
      for (std::int64_t f = 0; f < m; ++f) {
        add(q(h, i, f), s0, f);
        den += z0.empty() ? 0.0L : static_cast<long double>(q(h, i, f)) * z0(h, f);
      }
      for (std::int64_t j = 0; j < (causal ? i + 1 : n); ++j) {
        long double dot = 0;
        for (std::int64_t f = 0; f < m; ++f) {
          dot += static_cast<long double>(q(h, i, f)) * k(h, j, f);
        }
        add(dot, v, j);
        den += dot;
      }
      den = scale * den + eps;
      out.denominator(h, i) = static_cast<double>(den);
      for (std::int64_t c = 0; c < dv; ++c) {
        out.output(h, i, c) =
            static_cast<double>(scale * sum[static_cast<std::size_t>(c)] / (normalize ? den : 1.0L));
      }
    }
    for (std::int64_t f = 0; f < m; ++f) {
      long double z = z0.empty() ? 0.0L : static_cast<long double>(z0(h, f));
      for (std::int64_t j = 0; j < n; ++j) {
        z += k(h, j, f);
      }
      out.normalizer(h, f) = static_cast<double>(z);
      for (std::int64_t c = 0; c < dv; ++c) {
        long double s = s0.empty() ? 0.0L : static_cast<long double>(s0(h, f, c));
        for (std::int64_t j = 0; j < n; ++j) {
          s += static_cast<long double>(k(h, j, f)) * v(h, j, c);
        }
        out.state(h, f, c) = static_cast<double>(s);
      }
    }
  }
  return out;
}

struct Gated {
  Tensor<double> output, state;
};

/// S_t = diag(e^{g_t}) S_{t-1} + k_t^T v_t, o_t = scale q_t S_t, element by element in long double.
template <class T>
Gated gated_linear_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, const Tensor<T>& g,
                             double scale = 1, const Tensor<T>& s0 = {}) {
  const std::int64_t heads = q.extent(0), n = q.extent(1), dk = q.extent(2), dv = v.extent(2);
  Gated out{Tensor<double>({heads, n, dv}), Tensor<double>({heads, dk, dv})};
  for (std::int64_t h = 0; h < heads; ++h) {
    for (std::int64_t c = 0; c < dv; ++c) {
      std::vector<long double> s(static_cast<std::size_t>(dk));
      for (std::int64_t f = 0; f < dk; ++f) {
        s[static_cast<std::size_t>(f)] = s0.empty() ? 0.0L : static_cast<long double>(s0(h, f, c));
      }
      for (std::int64_t t = 0; t < n; ++t) {
        long double o = 0;
        for (std::int64_t f = 0; f < dk; ++f) {
          auto& kept = s[static_cast<std::size_t>(f)];
          kept = std::exp(static_cast<long double>(g(h, t, f))) * kept +
                 static_cast<long double>(k(h, t, f)) * v(h, t, c);
          o += q(h, t, f) * kept;
        }
        out.output(h, t, c) = static_cast<double>(scale * o);
      }
      for (std::int64_t f = 0; f < dk; ++f) {
        out.state(h, f, c) = static_cast<double>(s[static_cast<std::size_t>(f)]);
      }
    }
  }
  return out;
}

/// Largest relative deviation of an analytic gradient from central differences of f, h = 1e-5, in double.
template <class F>
double gradient_error(Tensor<double>& x, const Tensor<double>& gradient, const F& f) {
  double worst = 0;
  for (std::int64_t i = 0; i < x.size(); ++i) {
    const double kept = x[i], h = 1e-5;
    x[i] = kept + h;
    const double above = f();
    x[i] = kept - h;
    const double below = f();
    x[i] = kept;
    worst = std::max(worst, std::abs((above - below) / (2 * h) - gradient[i]) / (1 + std::abs(gradient[i])));
  }
  return worst;
}

template <class T>
double dot(const Tensor<T>& a, const Tensor<T>& b) {
  double sum = 0;
  for (std::int64_t i = 0; i < a.size(); ++i) {
    sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  }
  return sum;
}

/// Rows [first, first + count) of every head of [H, N, d] or entries of [H, N].
template <class T>
Tensor<T> part(const Tensor<T>& x, std::int64_t first, std::int64_t count) {
  Shape shape = x.shape();
  shape[1] = count;
  Tensor<T> out(shape);
  const std::int64_t width = x.rank() == 3 ? x.extent(2) : 1;
  for (std::int64_t h = 0; h < x.extent(0); ++h) {
    for (std::int64_t i = 0; i < count * width; ++i) {
      out[h * count * width + i] = x[(h * x.extent(1) + first) * width + i];
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
