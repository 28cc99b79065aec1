// One row through a feature map, forward and backward, with everything that is the same for all rows prepared
// once. Internal to this floor. SPDX-License-Identifier: MIT
#pragma once

#include "reference/core/eigen_view.hpp"
#include "reference/feature_maps.hpp"

namespace alab {

template <class T>
using RowArray = Eigen::Array<T, 1, Eigen::Dynamic>;

/// A map bound to head_dim and to the type T.
template <class T>
class FeatureRows {
 public:
  FeatureRows(const FeatureMap& map, std::int64_t head_dim);

  std::int64_t feature_dim() const { return m_; }
  bool projects() const { return w_.size() > 0; }
  /// x scaled, then W x for every row of the block: the projections that the calls below take (N x 0 without
  /// W).
  RowMatrix<T> scaled(const Eigen::Ref<const RowMatrix<T>>& x) const { return scale_ * x; }
  RowMatrix<T> projected(const RowMatrix<T>& scaled) const;

  /// What the stabiliser would subtract for this row.
  T stabilizer(const RowArray<T>& x, const RowArray<T>& u) const;
  bool stabilizes() const;
  /// phi of one scaled row x with projections u and the constant c.
  void forward(const RowArray<T>& x, const RowArray<T>& u, T c, Eigen::Ref<RowArray<T>> out) const;
  /// J^T g for the unscaled row.
  RowArray<T> backward(const RowArray<T>& x, const RowArray<T>& u, T c, const RowArray<T>& g) const;

 private:
  RowArray<T> by_element(const RowArray<T>& x, const RowArray<T>& g) const;
  RowArray<T> by_products(const RowArray<T>& x, const RowArray<T>& g) const;
  RowArray<T> by_projection(const RowArray<T>& x, const RowArray<T>& u, T c, const RowArray<T>& g) const;
  RowArray<T> through_w(const RowArray<T>& du) const { return (du.matrix() * w_).array(); }

  FeatureKind kind_;
  Stabilizer stabilizer_;
  std::int64_t d_, m_, shifts_;
  T scale_, eps_, factor_ = 1;
  RowMatrix<T> w_;
  RowArray<T> phase_;
};

}  // namespace alab
