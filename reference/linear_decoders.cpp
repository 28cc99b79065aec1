// Generation token by token: a state that stays, a cache that grows. SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "reference/core/eigen_view.hpp"
#include "reference/exact_exp.hpp"
#include "reference/linear_attention.hpp"

namespace alab {

namespace {

template <class T>
using RowVector = Eigen::Matrix<T, 1, Eigen::Dynamic>;

// A copy, which Eigen aligns: the bits of a result must not depend on where the caller's row lies.
template <class T>
RowVector<T> row_of(std::span<const T> values, std::int64_t width, const char* name) {
  require(static_cast<std::int64_t>(values.size()) == width, name, " has ", values.size(), " elements: give ",
          width);
  return Eigen::Map<const RowVector<T>>(values.data(), width);
}

}  // namespace

template <class T>
LinearDecoder<T>::LinearDecoder(std::int64_t feature_dim, std::int64_t head_dim_v,
                                const LinearAttentionOptions& options)
    : m_(feature_dim),
      dv_(head_dim_v),
      normalize_(options.normalize),
      scale_(static_cast<T>(options.scale)),
      eps_(static_cast<T>(options.eps)) {
  require(m_ >= 1 && dv_ >= 1, "a state of ", m_, " x ", dv_, " elements is empty: each is at least 1");
  state_.resize(static_cast<std::size_t>(m_ * dv_));
  normalizer_.resize(static_cast<std::size_t>(normalize_ ? m_ : 0));
}

template <class T>
void LinearDecoder<T>::step(std::span<const T> query, std::span<const T> key, std::span<const T> value,
                            std::span<T> out) {
  const auto q = row_of(query, m_, "the query");
  const auto k = row_of(key, m_, "the key");
  const auto v = row_of(value, dv_, "the value");
  require(static_cast<std::int64_t>(out.size()) == dv_, "the output has ", out.size(), " elements: give ",
          dv_);
  MatrixMap<T> s(state_.data(), m_, dv_);
  s.noalias() += k.transpose() * v;
  RowVector<T> o = scale_ * q * s;
  if (normalize_) {
    Eigen::Map<RowVector<T>> z(normalizer_.data(), m_);
    z += k;
    o /= scale_ * q.dot(z) + eps_;
  }
  std::copy_n(o.data(), dv_, out.data());
}

template <class T>
std::int64_t LinearDecoder<T>::state_elements() const {
  return static_cast<std::int64_t>(state_.size() + normalizer_.size());
}

template <class T>
CacheDecoder<T>::CacheDecoder(std::int64_t head_dim, std::int64_t head_dim_v, std::int64_t capacity,
                              double scale)
    : dk_(head_dim),
      dv_(head_dim_v),
      scale_(static_cast<T>(scale != 0 ? scale : 1 / std::sqrt(static_cast<double>(head_dim)))) {
  require(dk_ >= 1 && dv_ >= 1 && capacity >= 1, "a cache of ", capacity, " tokens, ", dk_, " + ", dv_,
          " elements each, is empty: each is at least 1");
  keys_.reserve(static_cast<std::size_t>(capacity * dk_));
  values_.reserve(static_cast<std::size_t>(capacity * dv_));
  scores_.reserve(static_cast<std::size_t>(capacity));
}

template <class T>
void CacheDecoder<T>::step(std::span<const T> query, std::span<const T> key, std::span<const T> value,
                           std::span<T> out) {
  const auto q = row_of(query, dk_, "the query");
  row_of(key, dk_, "the key");
  row_of(value, dv_, "the value");
  require(static_cast<std::int64_t>(out.size()) == dv_, "the output has ", out.size(), " elements: give ",
          dv_);
  keys_.insert(keys_.end(), key.begin(), key.end());
  values_.insert(values_.end(), value.begin(), value.end());
  scores_.resize(static_cast<std::size_t>(++tokens_));
  const ConstMatrixMap<T> k(keys_.data(), tokens_, dk_), v(values_.data(), tokens_, dv_);
  Eigen::Map<RowVector<T>> p(scores_.data(), tokens_);
  p.noalias() = scale_ * q * k.transpose();
  p = exp_of(p.array() - p.maxCoeff()).matrix().eval();
  const RowVector<T> o = (p * v) / p.sum();
  std::copy_n(o.data(), dv_, out.data());
}

template class LinearDecoder<float>;
template class LinearDecoder<double>;
template class CacheDecoder<float>;
template class CacheDecoder<double>;

}  // namespace alab
