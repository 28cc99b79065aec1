// SPDX-License-Identifier: MIT
#include "labs/common/metered_forms.hpp"

#include "reference/core/error.hpp"

namespace alab {
namespace {

template <class T>
RowMatrix<T> allocated(const WorkMeter& work, std::int64_t rows, std::int64_t cols) {
  return work.arithmetic() ? RowMatrix<T>(rows, cols) : RowMatrix<T>();
}

constexpr std::int64_t kRowBlock = 64;

/// Rows of s become their softmax.
template <class Block>
void softmax_rows(Block& s) {
  for (Eigen::Index i = 0; i < s.rows(); ++i) {
    auto row = s.row(i).array();
    row = (row - row.maxCoeff()).exp();
    row /= row.sum();
  }
}

}  // namespace

template <class T>
RowMatrix<T> softmax_form(const Operands<T>& in, double scale, WorkMeter& work) {
  const std::int64_t n = in.seq_len;
  const Metered held = work.temporary(n * n);
  RowMatrix<T> s = allocated<T>(work, n, n), out = allocated<T>(work, n, in.head_dim_v);
  work.product(n, in.width, n);
  work.move(n * n, n * n);  // softmax in place
  work.product(n, n, in.head_dim_v);
  if (work.arithmetic()) {
    // Block by block, so that a block of scores is still in the cache when its softmax and product come.
    for (std::int64_t first = 0; first < n; first += kRowBlock) {
      const std::int64_t rows = std::min(kRowBlock, n - first);
      auto block = s.middleRows(first, rows);
      block.noalias() = static_cast<T>(scale) * in.query.middleRows(first, rows) * in.key.transpose();
      softmax_rows(block);
      out.middleRows(first, rows).noalias() = block * in.value;
    }
  }
  return out;
}

template <class T>
RowMatrix<T> scores_first(const Operands<T>& in, bool normalised, WorkMeter& work) {
  const std::int64_t n = in.seq_len;
  const Metered held = work.temporary(n * n);
  RowMatrix<T> s = allocated<T>(work, n, n), out = allocated<T>(work, n, in.head_dim_v);
  work.product(n, in.width, n);
  work.product(n, n, in.head_dim_v);
  if (normalised) {
    work.normaliser(n, n, 1);
  }
  if (work.arithmetic()) {
    s.noalias() = in.query * in.key.transpose();
    out.noalias() = s * in.value;
    for (std::int64_t i = 0; normalised && i < n; ++i) {
      out.row(i) /= s.row(i).sum();
    }
  }
  return out;
}

template <class T>
RowMatrix<T> state_first(const Operands<T>& in, bool normalised, WorkMeter& work) {
  const std::int64_t n = in.seq_len, m = in.width, dv = in.head_dim_v;
  const Metered held = work.temporary(m * dv), held_sum = work.temporary(normalised ? m : 0);
  RowMatrix<T> state = allocated<T>(work, m, dv), out = allocated<T>(work, n, dv);
  work.product(m, n, dv);
  work.product(n, m, dv);
  if (normalised) {
    work.normaliser(1, n, m);
    work.normaliser(n, m, 1);
  }
  if (work.arithmetic()) {
    state.noalias() = in.key.transpose() * in.value;
    out.noalias() = in.query * state;
    const RowMatrix<T> sum = in.key.colwise().sum();
    for (std::int64_t i = 0; normalised && i < n; ++i) {
      out.row(i) /= in.query.row(i).dot(sum.row(0));
    }
  }
  return out;
}

template <class T>
RowMatrix<T> chunkwise_form(const Operands<T>& in, std::int64_t chunk_size, WorkMeter& work) {
  require(chunk_size >= 1, "chunk_size = ", chunk_size, " makes no chunks; it must be at least 1");
  const std::int64_t n = in.seq_len, m = in.width, dv = in.head_dim_v;
  const std::int64_t largest = std::min(chunk_size, n);
  const Metered held_state = work.temporary(m * dv), held_scores = work.temporary(largest * largest);
  RowMatrix<T> state = RowMatrix<T>::Zero(work.arithmetic() ? m : 0, work.arithmetic() ? dv : 0);
  RowMatrix<T> out = allocated<T>(work, n, dv), s;
  for (std::int64_t first = 0; first < n; first += chunk_size) {
    const std::int64_t c = std::min(chunk_size, n - first);
    work.product_on_chip(c, m, c);
    work.product_on_chip(c, c, dv);
    work.product_on_chip(c, m, dv);
    work.product_on_chip(m, c, dv);
    work.move(c * (m + dv), m * dv);               // pass 1: keys and values in, the state out
    work.move(c * (2 * m + dv) + m * dv, c * dv);  // pass 2: q, k, v and the state in, the output out
    if (work.arithmetic()) {
      const auto q = in.query.middleRows(first, c);
      const auto k = in.key.middleRows(first, c);
      const auto v = in.value.middleRows(first, c);
      s.noalias() = q * k.transpose();
      s.template triangularView<Eigen::StrictlyUpper>().setZero();
      out.middleRows(first, c).noalias() = q * state;
      out.middleRows(first, c).noalias() += s * v;
      state.noalias() += k.transpose() * v;
    }
  }
  return out;
}

#define ALAB_FORMS(T)                                                         \
  template RowMatrix<T> softmax_form(const Operands<T>&, double, WorkMeter&); \
  template RowMatrix<T> scores_first(const Operands<T>&, bool, WorkMeter&);   \
  template RowMatrix<T> state_first(const Operands<T>&, bool, WorkMeter&);    \
  template RowMatrix<T> chunkwise_form(const Operands<T>&, std::int64_t, WorkMeter&);
ALAB_FORMS(float)
ALAB_FORMS(double)
#undef ALAB_FORMS

}  // namespace alab
