// The formulas of the feature maps, one row at a time. SPDX-License-Identifier: MIT
#include "reference/feature_rows.hpp"

#include <cmath>
#include <numbers>

#include "reference/exact_exp.hpp"

namespace alab {

namespace {

template <class T>
RowArray<T> mirrored_relu(const RowArray<T>& x) {
  RowArray<T> r(2 * x.size());
  r << x.max(T(0)), (-x).max(T(0));
  return r;
}

/// r shifted right by j, cyclically.
template <class T>
RowArray<T> rolled(const RowArray<T>& r, std::int64_t j) {
  RowArray<T> out(r.size());
  out << r.tail(j), r.head(r.size() - j);
  return out;
}

template <class T>
void quadratic(const RowArray<T>& x, Eigen::Ref<RowArray<T>> out) {
  const std::int64_t d = x.size();
  out.head(d) = x.square();
  std::int64_t at = d;
  for (std::int64_t i = 0; i + 1 < d; at += d - i - 1, ++i) {
    out.segment(at, d - i - 1) = std::numbers::sqrt2_v<T> * x(i) * x.tail(d - i - 1);
  }
}

template <class T>
void taylor2(const RowArray<T>& x, Eigen::Ref<RowArray<T>> out) {
  const std::int64_t d = x.size();
  out(0) = 1;
  out.segment(1, d) = x;
  for (std::int64_t i = 0; i < d; ++i) {
    out.segment(1 + d + i * d, d) = x(i) * x / std::numbers::sqrt2_v<T>;
  }
}

template <class T>
void dpfp(const RowArray<T>& x, std::int64_t shifts, Eigen::Ref<RowArray<T>> out) {
  const RowArray<T> r = mirrored_relu(x);
  for (std::int64_t j = 1; j <= shifts; ++j) {
    out.segment((j - 1) * r.size(), r.size()) = r * rolled(r, j);
  }
}

template <class T>
RowArray<T> softmax_of(const RowArray<T>& y) {
  const RowArray<T> e = exp_of(y - y.maxCoeff());
  return e / e.sum();
}

template <class T>
RowArray<T> both_signs(const RowArray<T>& y) {
  RowArray<T> out(2 * y.size());
  out << y, -y;
  return out;
}

}  // namespace

template <class T>
FeatureRows<T>::FeatureRows(const FeatureMap& given, std::int64_t head_dim)
    : kind_(given.kind),
      stabilizer_(given.stabilizer),
      d_(head_dim),
      m_(feature_dim_of(given, head_dim)),
      shifts_(given.shifts),
      scale_(
          static_cast<T>(given.input_scale != 0 ? given.input_scale : natural_scale(given.kind, head_dim))),
      eps_(static_cast<T>(given.eps)) {
  const bool learned = kind_ == FeatureKind::hedgehog && !given.matrix.empty();
  if (!info_of(kind_).drawn && !learned) {
    return;
  }
  const FeatureMap map = with_drawn(given, head_dim);
  const bool fourier = kind_ == FeatureKind::rff || kind_ == FeatureKind::rff_pairs;
  require(!fourier || map.sigma > 0, "a bandwidth sigma of ", map.sigma,
          " is out of range: give a positive one");
  w_ = (matrix(map.matrix) / (fourier ? map.sigma : 1.0)).template cast<T>();
  const double rows = static_cast<double>(w_.rows());
  const double features = kind_ == FeatureKind::favor_hyperbolic ? 2 * rows : rows;
  factor_ = static_cast<T>(std::sqrt((kind_ == FeatureKind::rff ? 2.0 : 1.0) / features));
  if (kind_ == FeatureKind::rff) {
    require(map.phase.size() == w_.rows(), "b of shape ", to_string(map.phase.shape()),
            " does not fit W: give [", w_.rows(), "]");
    phase_ = Eigen::Map<const RowArray<double>>(map.phase.data(), map.phase.size()).template cast<T>();
  }
}

template <class T>
RowMatrix<T> FeatureRows<T>::projected(const RowMatrix<T>& scaled) const {
  return projects() ? RowMatrix<T>(scaled * w_.transpose()) : RowMatrix<T>(scaled.rows(), 0);
}

template <class T>
bool FeatureRows<T>::stabilizes() const {
  return stabilizer_ != Stabilizer::off &&
         (kind_ == FeatureKind::favor_positive || kind_ == FeatureKind::favor_hyperbolic);
}

template <class T>
T FeatureRows<T>::stabilizer(const RowArray<T>& x, const RowArray<T>& u) const {
  if (!stabilizes()) {
    return 0;
  }
  const T largest = kind_ == FeatureKind::favor_positive ? u.maxCoeff() : u.abs().maxCoeff();
  return stabilizer_ == Stabilizer::full ? largest - x.square().sum() / 2 : largest;
}

template <class T>
void FeatureRows<T>::forward(const RowArray<T>& x, const RowArray<T>& u, T c,
                             Eigen::Ref<RowArray<T>> out) const {
  const std::int64_t rows = u.size();
  const T half = x.square().sum() / 2;
  switch (kind_) {
    case FeatureKind::identity:
      out = x;
      return;
    case FeatureKind::elu1:
      out = (x > T(0)).select(x + T(1), exp_of(x.min(T(0))));
      return;
    case FeatureKind::relu:
      out = x.max(T(0)) + eps_;
      return;
    case FeatureKind::exp:
      out = exp_of(x);
      return;
    case FeatureKind::quadratic:
      return quadratic(x, out);
    case FeatureKind::taylor2:
      return taylor2(x, out);
    case FeatureKind::dpfp:
      return dpfp(x, shifts_, out);
    case FeatureKind::rff:
      out = factor_ * (u + phase_).cos();
      return;
    case FeatureKind::rff_pairs:
      out << factor_ * u.sin(), factor_ * u.cos();
      return;
    case FeatureKind::favor_positive:
      out = factor_ * (exp_of(u - half - c) + eps_);
      return;
    case FeatureKind::favor_hyperbolic:
      out.head(rows) = factor_ * (exp_of(u - half - c) + eps_);
      out.tail(rows) = factor_ * (exp_of(-u - half - c) + eps_);
      return;
    case FeatureKind::favor_trigonometric:
      out << factor_ * std::exp(half) * u.sin(), factor_ * std::exp(half) * u.cos();
      return;
    case FeatureKind::hedgehog:
      out = softmax_of(both_signs<T>(T(2) * (projects() ? u : x)));
      return;
  }
}

template <class T>
RowArray<T> FeatureRows<T>::by_element(const RowArray<T>& x, const RowArray<T>& g) const {
  switch (kind_) {
    case FeatureKind::elu1:
      return g * exp_of(x.min(T(0)));
    case FeatureKind::relu:
      return (x > T(0)).select(g, RowArray<T>::Zero(d_));
    case FeatureKind::exp:
      return g * exp_of(x);
    default:
      return g;
  }
}

template <class T>
RowArray<T> FeatureRows<T>::by_products(const RowArray<T>& x, const RowArray<T>& g) const {
  RowArray<T> dx = RowArray<T>::Zero(d_);
  if (kind_ == FeatureKind::quadratic) {
    dx = 2 * x * g.head(d_);
    std::int64_t at = d_;
    for (std::int64_t i = 0; i + 1 < d_; at += d_ - i - 1, ++i) {
      const auto mixed = std::numbers::sqrt2_v<T> * g.segment(at, d_ - i - 1);
      dx(i) += (mixed * x.tail(d_ - i - 1)).sum();
      dx.tail(d_ - i - 1) += mixed * x(i);
    }
    return dx;
  }
  if (kind_ == FeatureKind::taylor2) {
    dx = g.segment(1, d_);
    for (std::int64_t i = 0; i < d_; ++i) {
      const auto mixed = g.segment(1 + d_ + i * d_, d_) / std::numbers::sqrt2_v<T>;
      dx(i) += (mixed * x).sum();
      dx += mixed * x(i);
    }
    return dx;
  }
  const RowArray<T> r = mirrored_relu(x);
  RowArray<T> dr = RowArray<T>::Zero(2 * d_);
  for (std::int64_t j = 1; j <= shifts_; ++j) {
    const RowArray<T> part = g.segment((j - 1) * 2 * d_, 2 * d_);
    dr += part * rolled(r, j);
    dr += rolled<T>(part * r, 2 * d_ - j);
  }
  return (x > T(0)).select(dr.head(d_), (x < T(0)).select(-dr.tail(d_), dx));
}

template <class T>
RowArray<T> FeatureRows<T>::by_projection(const RowArray<T>& x, const RowArray<T>& u, T c,
                                          const RowArray<T>& g) const {
  const std::int64_t rows = u.size();
  const T half = x.square().sum() / 2;
  switch (kind_) {
    case FeatureKind::rff:
      return through_w(-factor_ * g * (u + phase_).sin());
    case FeatureKind::rff_pairs:
      return through_w(factor_ * (g.head(rows) * u.cos() - g.tail(rows) * u.sin()));
    case FeatureKind::favor_positive: {
      const RowArray<T> du = factor_ * g * exp_of(u - half - c);
      return through_w(du) - x * du.sum();
    }
    case FeatureKind::favor_hyperbolic: {
      const RowArray<T> up = factor_ * g.head(rows) * exp_of(u - half - c);
      const RowArray<T> down = factor_ * g.tail(rows) * exp_of(-u - half - c);
      return through_w(up - down) - x * (up + down).sum();
    }
    default: {
      const RowArray<T> s = factor_ * std::exp(half) * u.sin(), k = factor_ * std::exp(half) * u.cos();
      return through_w(g.head(rows) * k - g.tail(rows) * s) + x * (g.head(rows) * s + g.tail(rows) * k).sum();
    }
  }
}

template <class T>
RowArray<T> FeatureRows<T>::backward(const RowArray<T>& x, const RowArray<T>& u, T c,
                                     const RowArray<T>& g) const {
  if (kind_ == FeatureKind::hedgehog) {
    const RowArray<T> p = softmax_of(both_signs<T>(T(2) * (projects() ? u : x)));
    const RowArray<T> dy = p * (g - (p * g).sum());
    const RowArray<T> du = T(2) * (dy.head(dy.size() / 2) - dy.tail(dy.size() / 2));
    return scale_ * (projects() ? through_w(du) : du);
  }
  if (projects()) {
    return scale_ * by_projection(x, u, c, g);
  }
  const bool products =
      kind_ == FeatureKind::quadratic || kind_ == FeatureKind::taylor2 || kind_ == FeatureKind::dpfp;
  return scale_ * (products ? by_products(x, g) : by_element(x, g));
}

template class FeatureRows<float>;
template class FeatureRows<double>;

}  // namespace alab
