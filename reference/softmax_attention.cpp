// Softmax attention forward: naive and online. A is the type sums and scores are held in, T that of the
// tensors. SPDX-License-Identifier: MIT
#include "reference/softmax_attention.hpp"

#include <cmath>
#include <limits>
#include <type_traits>

#include "reference/attention_head.hpp"

namespace alab {

double resolved_scale(const AttentionOptions& options, std::int64_t head_dim) {
  return options.scale != 0 ? options.scale : 1.0 / std::sqrt(static_cast<double>(head_dim));
}

template <class T>
void check_attention_shapes(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                            const Tensor<T>& mask) {
  for (const auto& [name, tensor] : {std::pair{"q", &q}, std::pair{"k", &k}, std::pair{"v", &v}}) {
    require(tensor->rank() == 3 && !tensor->empty(), name,
            " must have the shape [heads, tokens, head_dim] with at least one element, got ",
            to_string(tensor->shape()));
  }
  require(q.extent(0) == k.extent(0) && k.extent(0) == v.extent(0),
          "q, k and v need the same number of heads, got ", q.extent(0), ", ", k.extent(0), " and ",
          v.extent(0), ": repeat shared key-value heads first");
  require(q.extent(2) == k.extent(2), "q and k need the same head_dim, got ", q.extent(2), " and ",
          k.extent(2));
  require(k.extent(1) == v.extent(1), "k and v need the same number of tokens, got ", k.extent(1), " and ",
          v.extent(1));
  if (mask.empty()) {
    return;
  }
  const Shape full{q.extent(0), q.extent(1), k.extent(1)};
  bool broadcasts = mask.rank() >= 1 && mask.rank() <= 3;
  for (std::int64_t axis = 1; broadcasts && axis <= mask.rank(); ++axis) {
    const std::int64_t extent = mask.extent(-axis);
    broadcasts = extent == 1 || extent == full[static_cast<std::size_t>(3 - axis)];
  }
  require(broadcasts, "the mask of shape ", to_string(mask.shape()), " does not fit scores of shape ",
          to_string(full), ": give [tokens, keys] or [heads, tokens, keys]");
}

template <class T>
ScoreMask<T>::ScoreMask(const Tensor<T>& mask, std::int64_t heads, std::int64_t rows, std::int64_t cols,
                        bool causal)
    : rows_(rows), cols_(cols), causal_(causal) {
  if (mask.empty()) {
    return;
  }
  data_ = mask.data();
  const std::int64_t mask_rows = mask.rank() >= 2 ? mask.extent(-2) : 1;
  const std::int64_t mask_cols = mask.extent(-1);
  col_stride_ = mask_cols == 1 && cols > 1 ? 0 : 1;
  row_stride_ = mask_rows == 1 && rows > 1 ? 0 : mask_cols;
  head_stride_ = mask.rank() < 3 || (mask.extent(0) == 1 && heads > 1) ? 0 : mask_rows * mask_cols;
}

template <class T>
T ScoreMask<T>::apply(T score, std::int64_t h, std::int64_t i, std::int64_t j) const {
  if (j >= visible(i)) {
    return -std::numeric_limits<T>::infinity();
  }
  return additive() ? score + term(h, i, j) : score;
}

namespace {

constexpr std::int64_t kRowsPerStep = 128;  // rows between two looks at the stop token

/// P of one head in place of its scores; m and l per row. Rows of P sum to 1.
template <class T, class A>
void head_weights(const HeadView<T, A>& view, const AttentionScores<T, A>& scores, RowMatrix<A>& p,
                  ColumnArray<A>& m, ColumnArray<A>& l, const Progress& progress, double done, double share) {
  const std::int64_t rows = p.rows();
  for (std::int64_t first = 0; first < rows; first += kRowsPerStep) {
    progress.step(done + share * static_cast<double>(first) / static_cast<double>(rows), "softmax attention");
    const std::int64_t count = std::min(kRowsPerStep, rows - first);
    scores.block(view, first, count, 0, p.cols(), p.middleRows(first, count));
    for (std::int64_t i = first; i < first + count; ++i) {
      auto row = p.row(i).array();
      m(i) = row.maxCoeff();
      if (m(i) == kMinusInfinity<A>) {
        row.setZero();
        l(i) = 0;
        continue;
      }
      row = exp_of(row - m(i));
      l(i) = row.sum();
      row /= l(i);
    }
  }
}

template <class T, class A>
AttentionOutput<T> naive(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                         const AttentionOptions& options, const Tensor<T>& mask, const Progress& progress) {
  const std::int64_t heads = q.extent(0), rows = q.extent(1), cols = k.extent(1);
  AttentionOutput<T> out{Tensor<T>({heads, rows, v.extent(2)}), Tensor<T>({heads, rows})};
  const AttentionScores<T, A> scores(q, k, options, mask);
  const Metered held(options.meter, rows * cols + 2 * rows);
  RowMatrix<A> p(rows, cols);
  ColumnArray<A> m(rows), l(rows);
  for (std::int64_t h = 0; h < heads; ++h) {
    const double share = 1.0 / static_cast<double>(heads);
    const HeadView<T, A> view(q, k, v, h);
    head_weights(view, scores, p, m, l, progress, static_cast<double>(h) * share, share);
    for (std::int64_t first = 0; first < rows; first += kRowsPerStep) {
      progress.step((static_cast<double>(h) + 1) * share, "weights times values");
      const std::int64_t count = std::min(kRowsPerStep, rows - first);
      head(out.output, h).middleRows(first, count) = (p.middleRows(first, count) * view.v).template cast<T>();
    }
    for (std::int64_t i = 0; i < rows; ++i) {
      out.logsumexp(h, i) = static_cast<T>(m(i) == kMinusInfinity<A> ? m(i) : m(i) + std::log(l(i)));
    }
  }
  return out;
}

template <class T, class A>
Tensor<T> weights(const Tensor<T>& q, const Tensor<T>& k, const AttentionOptions& options,
                  const Tensor<T>& mask) {
  const std::int64_t heads = q.extent(0), rows = q.extent(1), cols = k.extent(1);
  Tensor<T> out({heads, rows, cols});
  const AttentionScores<T, A> scores(q, k, options, mask);
  RowMatrix<A> p(rows, cols);
  ColumnArray<A> m(rows), l(rows);
  for (std::int64_t h = 0; h < heads; ++h) {
    head_weights(HeadView<T, A>(q, k, k, h), scores, p, m, l, Progress{}, 0, 1);
    head(out, h) = p.template cast<T>();
  }
  return out;
}

/// One head of the online form: a state (m, l, o) per query, all keys of one block before the next.
template <class T, class A>
void online_head(const HeadView<T, A>& view, const AttentionScores<T, A>& scores, std::int64_t block_n,
                 AttentionOutput<T>& out, std::int64_t h, const Progress& progress) {
  const std::int64_t rows = view.q.rows(), cols = view.k.rows();
  RowMatrix<A> o = RowMatrix<A>::Zero(rows, view.v.cols());
  ColumnArray<A> m(rows), l(rows);
  m.setConstant(kMinusInfinity<A>);
  l.setZero();
  RowMatrix<A> s(rows, std::min(block_n, cols));
  for (std::int64_t first = 0; first < cols; first += block_n) {
    progress.step((static_cast<double>(h) + static_cast<double>(first) / static_cast<double>(cols)) /
                      static_cast<double>(out.output.extent(0)),
                  "online softmax attention");
    const std::int64_t count = std::min(block_n, cols - first);
    auto block = s.leftCols(count);
    scores.block(view, 0, rows, first, count, block);
    for (std::int64_t i = 0; i < rows; ++i) {
      auto row = block.row(i).array();
      const A m_new = std::max(m(i), row.maxCoeff());
      if (m_new == kMinusInfinity<A>) {
        continue;  // nothing seen yet, and nothing in this block
      }
      const A factor = std::exp(m(i) - m_new);
      row = exp_of(row - m_new);
      l(i) = factor * l(i) + row.sum();
      o.row(i) = factor * o.row(i) + row.matrix() * view.v.middleRows(first, count);
      m(i) = m_new;
    }
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    const bool empty = m(i) == kMinusInfinity<A>;
    out.logsumexp(h, i) = static_cast<T>(empty ? m(i) : m(i) + std::log(l(i)));
    head(out.output, h).row(i) = (o.row(i) / (empty ? A(1) : l(i))).template cast<T>();
  }
}

template <class T, class A>
AttentionOutput<T> online(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                          const AttentionOptions& options, const Tensor<T>& mask, std::int64_t block_n,
                          const Progress& progress) {
  const std::int64_t heads = q.extent(0), rows = q.extent(1);
  AttentionOutput<T> out{Tensor<T>({heads, rows, v.extent(2)}), Tensor<T>({heads, rows})};
  const AttentionScores<T, A> scores(q, k, options, mask);
  const Metered held(options.meter, rows * (v.extent(2) + 2 + std::min(block_n, k.extent(1))));
  for (std::int64_t h = 0; h < heads; ++h) {
    online_head(HeadView<T, A>(q, k, v, h), scores, block_n, out, h, progress);
  }
  return out;
}

}  // namespace

template <class T>
Tensor<T> attention_weights(const Tensor<T>& q, const Tensor<T>& k, const AttentionOptions& options,
                            const Tensor<T>& mask) {
  check_attention_shapes(q, k, k, mask);
  return options.reduction == Reduction::wide ? weights<T, double>(q, k, options, mask)
                                              : weights<T, T>(q, k, options, mask);
}

template <class T>
AttentionOutput<T> softmax_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                     const AttentionOptions& options, const Tensor<T>& mask,
                                     const Progress& progress) {
  check_attention_shapes(q, k, v, mask);
  return options.reduction == Reduction::wide ? naive<T, double>(q, k, v, options, mask, progress)
                                              : naive<T, T>(q, k, v, options, mask, progress);
}

template <class T>
AttentionOutput<T> online_softmax_attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                            const AttentionOptions& options, const Tensor<T>& mask,
                                            std::int64_t block_n, const Progress& progress) {
  check_attention_shapes(q, k, v, mask);
  require(block_n >= 1, "block_n ", block_n, " is too small: at least 1 key at a time");
  return options.reduction == Reduction::wide ? online<T, double>(q, k, v, options, mask, block_n, progress)
                                              : online<T, T>(q, k, v, options, mask, block_n, progress);
}

std::int64_t saved_for_backward_dense(std::int64_t heads, std::int64_t queries, std::int64_t keys) {
  return heads * queries * keys;
}

std::int64_t saved_for_backward_flash(std::int64_t heads, std::int64_t queries, std::int64_t head_dim_v) {
  return heads * queries * (head_dim_v + 1);
}

#define ALAB_INSTANTIATE(T)                                                                                  \
  template void check_attention_shapes(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&,                 \
                                       const Tensor<T>&);                                                    \
  template class ScoreMask<T>;                                                                               \
  template Tensor<T> attention_weights(const Tensor<T>&, const Tensor<T>&, const AttentionOptions&,          \
                                       const Tensor<T>&);                                                    \
  template AttentionOutput<T> softmax_attention(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&,        \
                                                const AttentionOptions&, const Tensor<T>&, const Progress&); \
  template AttentionOutput<T> online_softmax_attention(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, \
                                                       const AttentionOptions&, const Tensor<T>&,            \
                                                       std::int64_t, const Progress&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
