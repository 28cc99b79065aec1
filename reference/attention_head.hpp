// What the attention forms share: one head seen as matrices, and a rectangle of its scores. Internal to this
// floor. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/core/eigen_view.hpp"
#include "reference/exact_exp.hpp"
#include "reference/softmax_attention.hpp"

namespace alab {

template <class A>
constexpr A kMinusInfinity = -std::numeric_limits<A>::infinity();

template <class A>
using ColumnArray = Eigen::Array<A, Eigen::Dynamic, 1>;

/// Head h of q, k, v as matrices of A; nothing is copied when A is T.
template <class T, class A>
struct HeadView {
  HeadView(const Tensor<T>& query, const Tensor<T>& key, const Tensor<T>& value, std::int64_t h)
      : index(h),
        q(head(query, h).template cast<A>()),
        k(head(key, h).template cast<A>()),
        v(head(value, h).template cast<A>()) {}
  std::int64_t index;
  Eigen::Ref<const RowMatrix<A>> q, k, v;
};

/// scale q k^T + mask over a rectangle; -inf where causality hides the key.
template <class T, class A>
class AttentionScores {
 public:
  AttentionScores(const Tensor<T>& q, const Tensor<T>& k, const AttentionOptions& options,
                  const Tensor<T>& mask)
      : scale_(static_cast<A>(resolved_scale(options, q.extent(2)))),
        mask_(mask, q.extent(0), q.extent(1), k.extent(1), options.causal) {}

  void block(const HeadView<T, A>& view, std::int64_t row, std::int64_t rows, std::int64_t col,
             std::int64_t cols, Eigen::Ref<RowMatrix<A>> out) const {
    out.noalias() = view.q.middleRows(row, rows) * view.k.middleRows(col, cols).transpose();
    out *= scale_;
    for (std::int64_t i = 0; i < rows; ++i) {
      const std::int64_t visible = std::clamp<std::int64_t>(mask_.visible(row + i) - col, 0, cols);
      if (mask_.additive()) {
        for (std::int64_t j = 0; j < visible; ++j) {
          out(i, j) += static_cast<A>(mask_.term(view.index, row + i, col + j));
        }
      }
      out.row(i).tail(cols - visible).setConstant(kMinusInfinity<A>);
    }
  }
  A scale() const { return scale_; }
  const ScoreMask<T>& mask() const { return mask_; }

 private:
  A scale_;
  ScoreMask<T> mask_;
};

}  // namespace alab
