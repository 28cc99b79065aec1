// One head of a linear attention problem as matrices, its running state, and how a row leaves it. Internal to
// this floor. SPDX-License-Identifier: MIT
#pragma once

#include "reference/core/eigen_view.hpp"
#include "reference/linear_attention.hpp"

namespace alab {

template <class T>
using Column = Eigen::Matrix<T, Eigen::Dynamic, 1>;

/// Extents of a checked problem.
template <class T>
struct LinearExtents {
  explicit LinearExtents(const LinearAttentionProblem<T>& p)
      : heads(p.query.extent(0)), n(p.query.extent(1)), m(p.query.extent(2)), dv(p.value.extent(2)) {}
  std::int64_t state() const { return m * dv; }
  std::int64_t heads, n, m, dv;
};

/// S [m, dv] and z [m] of one head.
template <class T>
struct LinearState {
  LinearState(std::int64_t m, std::int64_t dv) : s(RowMatrix<T>::Zero(m, dv)), z(Column<T>::Zero(m)) {}
  LinearState(const LinearAttentionProblem<T>& p, std::int64_t h)
      : LinearState(p.query.extent(2), p.value.extent(2)) {
    if (!p.initial_state.empty()) {
      s = head(p.initial_state, h);
    }
    if (!p.initial_normalizer.empty()) {
      z = matrix(p.initial_normalizer).row(h).transpose();
    }
  }
  RowMatrix<T> s;
  Column<T> z;
};

template <class T>
LinearAttentionOutput<T> empty_output(const LinearExtents<T>& e, const LinearAttentionOptions& options) {
  return {Tensor<T>({e.heads, e.n, e.dv}), options.normalize ? Tensor<T>({e.heads, e.n}) : Tensor<T>(),
          Tensor<T>({e.heads, e.m, e.dv}), Tensor<T>({e.heads, e.m})};
}

/// Rows [first, first + count) of one head, whose output rows hold numerators and whose denominators hold
/// phi(q).z: the scale, eps and the division.
template <class T>
void finish_rows(LinearAttentionOutput<T>& out, const LinearAttentionOptions& options, std::int64_t h,
                 std::int64_t first, std::int64_t count) {
  const T scale = static_cast<T>(options.scale), eps = static_cast<T>(options.eps);
  auto o = head(out.output, h).middleRows(first, count);
  if (!options.normalize) {
    if (scale != 1) {
      o *= scale;
    }
    return;
  }
  auto den = matrix(out.denominator).row(h).segment(first, count);
  den = (scale * den.array() + eps).matrix();
  for (std::int64_t i = 0; i < count; ++i) {
    o.row(i) = scale * o.row(i) / den(i);
  }
}

template <class T>
void store_state(LinearAttentionOutput<T>& out, const LinearState<T>& state, std::int64_t h) {
  head(out.state, h) = state.s;
  matrix(out.normalizer).row(h) = state.z.transpose();
}

/// Tells the observer, if it watches this head.
template <class T>
void observe(const LinearAttentionOptions& options, std::int64_t h, std::int64_t token,
             const LinearState<T>& state) {
  if (!options.observer || h != options.watch_head) {
    return;
  }
  StateMoment moment{token, Tensor<double>({state.s.rows(), state.s.cols()}), {}};
  matrix(moment.state) = state.s.template cast<double>();
  if (options.normalize) {
    moment.normalizer = Tensor<double>({state.z.size()});
    Eigen::Map<Column<double>>(moment.normalizer.data(), state.z.size()) = state.z.template cast<double>();
  }
  options.observer(moment);
}

}  // namespace alab
