// Softmax attention backward in closed form, dense: P and dS are held whole.
// SPDX-License-Identifier: MIT
#include <cmath>

#include "reference/attention_head.hpp"

namespace alab {

namespace {

constexpr std::int64_t kRowsPerStep = 128;

template <class A>
struct Buffers {
  RowMatrix<A> p, ds;  // [Nq, Nk]
};

/// Rows [first, first + count): P, then O and logsumexp.
template <class T, class A>
void forward_rows(const HeadView<T, A>& view, const AttentionScores<T, A>& scores, Buffers<A>& b,
                  AttentionGradients<T>& out, std::int64_t first, std::int64_t count) {
  const std::int64_t h = view.index;
  scores.block(view, first, count, 0, b.p.cols(), b.p.middleRows(first, count));
  for (std::int64_t i = first; i < first + count; ++i) {
    auto row = b.p.row(i).array();
    const A m = row.maxCoeff();
    if (m == kMinusInfinity<A>) {
      row.setZero();
      out.logsumexp(h, i) = static_cast<T>(m);
      continue;
    }
    row = exp_of(row - m);
    const A l = row.sum();
    row /= l;
    out.logsumexp(h, i) = static_cast<T>(m + std::log(l));
  }
  head(out.output, h).middleRows(first, count) = (b.p.middleRows(first, count) * view.v).template cast<T>();
}

/// Rows [first, first + count): dP, D, dS and dQ.
template <class T, class A>
void backward_rows(const HeadView<T, A>& view, const Eigen::Ref<const RowMatrix<A>>& d_output, A scale,
                   RowTerm row_term, Buffers<A>& b, AttentionGradients<T>& out, std::int64_t first,
                   std::int64_t count) {
  const std::int64_t h = view.index;
  const auto p = b.p.middleRows(first, count);
  auto ds = b.ds.middleRows(first, count);
  ds.noalias() = d_output.middleRows(first, count) * view.v.transpose();  // dP
  for (std::int64_t i = 0; i < count; ++i) {
    const A d = row_term == RowTerm::weights_dot
                    ? p.row(i).dot(ds.row(i))
                    : d_output.row(first + i).dot(head(out.output, h).row(first + i).template cast<A>());
    ds.row(i).array() = p.row(i).array() * (ds.row(i).array() - d);
    out.row_term(h, first + i) = static_cast<T>(d);
  }
  head(out.dq, h).middleRows(first, count) = (scale * (ds * view.k)).template cast<T>();
}

template <class T, class A>
AttentionGradients<T> backward(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                               const Tensor<T>& d_output, const AttentionOptions& options,
                               const Tensor<T>& mask, RowTerm row_term, const Progress& progress) {
  const std::int64_t heads = q.extent(0), rows = q.extent(1), cols = k.extent(1);
  AttentionGradients<T> out{Tensor<T>({heads, rows, v.extent(2)}),
                            Tensor<T>({heads, rows}),
                            Tensor<T>(q.shape()),
                            Tensor<T>(k.shape()),
                            Tensor<T>(v.shape()),
                            Tensor<T>({heads, rows})};
  const AttentionScores<T, A> scores(q, k, options, mask);
  const Metered held(options.meter, 2 * rows * cols);
  Buffers<A> b{RowMatrix<A>(rows, cols), RowMatrix<A>(rows, cols)};
  for (std::int64_t h = 0; h < heads; ++h) {
    const HeadView<T, A> view(q, k, v, h);
    const Eigen::Ref<const RowMatrix<A>> d_out(head(d_output, h).template cast<A>());
    RowMatrix<A> dk = RowMatrix<A>::Zero(cols, q.extent(2)), dv = RowMatrix<A>::Zero(cols, v.extent(2));
    for (std::int64_t first = 0; first < rows; first += kRowsPerStep) {
      progress.step((static_cast<double>(h) + static_cast<double>(first) / static_cast<double>(rows)) /
                        static_cast<double>(heads),
                    "softmax attention backward");
      const std::int64_t count = std::min(kRowsPerStep, rows - first);
      forward_rows(view, scores, b, out, first, count);
      backward_rows<T, A>(view, d_out, scores.scale(), row_term, b, out, first, count);
      dv.noalias() += b.p.middleRows(first, count).transpose() * d_out.middleRows(first, count);
      dk.noalias() += b.ds.middleRows(first, count).transpose() * view.q.middleRows(first, count);
    }
    head(out.dk, h) = (scores.scale() * dk).template cast<T>();
    head(out.dv, h) = dv.template cast<T>();
  }
  return out;
}

}  // namespace

template <class T>
AttentionGradients<T> softmax_attention_backward(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                                                 const Tensor<T>& d_output, const AttentionOptions& options,
                                                 const Tensor<T>& mask, RowTerm row_term,
                                                 const Progress& progress) {
  check_attention_shapes(q, k, v, mask);
  const Shape expected{q.extent(0), q.extent(1), v.extent(2)};
  require(d_output.shape() == expected, "the output gradient do has the shape ", to_string(d_output.shape()),
          ", but the output has ", to_string(expected));
  return options.reduction == Reduction::wide
             ? backward<T, double>(q, k, v, d_output, options, mask, row_term, progress)
             : backward<T, T>(q, k, v, d_output, options, mask, row_term, progress);
}

#define ALAB_INSTANTIATE(T)                                                                            \
  template AttentionGradients<T> softmax_attention_backward(                                           \
      const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const AttentionOptions&, \
      const Tensor<T>&, RowTerm, const Progress&);
ALAB_INSTANTIATE(float)
ALAB_INSTANTIATE(double)
#undef ALAB_INSTANTIATE

}  // namespace alab
