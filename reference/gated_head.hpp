// One head of a gated problem, its gates over a run of tokens, and scores whose gates are formed pair by
// pair. Internal to this floor. SPDX-License-Identifier: MIT
#pragma once

#include "reference/core/eigen_view.hpp"
#include "reference/exact_exp.hpp"
#include "reference/gated_linear_attention.hpp"

namespace alab {

template <class T>
using GateRows = Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using GateRow = Eigen::Array<T, 1, Eigen::Dynamic>;

/// Extents of a checked problem.
template <class T>
struct GatedExtents {
  explicit GatedExtents(const GatedLinearAttentionProblem<T>& p)
      : heads(p.query.extent(0)), n(p.query.extent(1)), dk(p.query.extent(2)), dv(p.value.extent(2)) {}
  std::int64_t heads, n, dk, dv;
};

template <class T>
RowMatrix<T> initial_state(const Tensor<T>& state, std::int64_t dk, std::int64_t dv, std::int64_t h) {
  return state.empty() ? RowMatrix<T>(RowMatrix<T>::Zero(dk, dv)) : RowMatrix<T>(head(state, h));
}

template <class Derived>
void round_block(Eigen::PlainObjectBase<Derived>& block, NumberFormat format) {
  round_all(std::span(block.data(), static_cast<std::size_t>(block.size())), format);
}

/// Row i: the sum of the gates of rows 0 .. i, rounded after every addition.
template <class T>
GateRows<T> prefix_sums(const Eigen::Ref<const RowMatrix<T>>& gates, NumberFormat format) {
  GateRows<T> out = gates.array();
  for (std::int64_t i = 0; i < out.rows(); ++i) {
    if (i > 0) {
      out.row(i) += out.row(i - 1);
    }
    round_all(std::span(out.data() + i * out.cols(), static_cast<std::size_t>(out.cols())), format);
  }
  return out;
}

/// Row i: the sum of the gates of the rows after i; the last is 0.
template <class T>
GateRows<T> suffix_sums(const Eigen::Ref<const RowMatrix<T>>& gates, NumberFormat format) {
  GateRows<T> out = GateRows<T>::Zero(gates.rows(), gates.cols());
  for (std::int64_t i = gates.rows() - 2; i >= 0; --i) {
    out.row(i) = out.row(i + 1) + gates.row(i + 1).array();
    round_all(std::span(out.data() + i * out.cols(), static_cast<std::size_t>(out.cols())), format);
  }
  return out;
}

/// How the exponent of a pair is formed.
enum class PairExponent {
  difference,  ///< log b_i - log b_j, as eq. 4 has it
  segment_sum  ///< the gates of (j, i] added up: no cancellation, and -infinity is allowed
};

/// P_ij = sum_c q_ic k_jc e^{gates of (j, i]} for j <= i, else 0, of a run of rows; row(i) is called before
/// each.
template <class T, class BeforeRow>
RowMatrix<T> log_space_scores(const Eigen::Ref<const RowMatrix<T>>& q,
                              const Eigen::Ref<const RowMatrix<T>>& k,
                              const Eigen::Ref<const RowMatrix<T>>& gates, PairExponent how,
                              const GatePrecision& precision, const BeforeRow& before_row) {
  const std::int64_t n = q.rows();
  const GateRows<T> b = prefix_sums<T>(gates, precision.log_cumulative);
  RowMatrix<T> p = RowMatrix<T>::Zero(n, n);
  GateRow<T> exponent, decay;
  for (std::int64_t i = 0; i < n; ++i) {
    before_row(i);
    exponent = GateRow<T>::Zero(q.cols());
    for (std::int64_t j = i; j >= 0; --j) {
      if (how == PairExponent::difference) {
        exponent = b.row(i) - b.row(j);
      } else if (j < i) {
        exponent += gates.row(j + 1).array();
      }
      decay = exp_of(exponent);
      round_block(decay, precision.decay);
      p(i, j) = rounded((q.row(i).array() * k.row(j).array() * decay).sum(), precision.scores);
    }
  }
  return p;
}

template <class T>
void observe(const GatedOptions& options, std::int64_t h, std::int64_t token, const RowMatrix<T>& state) {
  if (options.observer && h == options.watch_head) {
    StateMoment moment{token, Tensor<double>({state.rows(), state.cols()}), {}};
    matrix(moment.state) = state.template cast<double>();
    options.observer(moment);
  }
}

/// Calls run(h, out, progress of that head) for every head of [heads, n, .] and returns the output.
template <class T, class Head>
GatedOutput<T> gated_over_heads(std::int64_t heads, std::int64_t n, std::int64_t dk, std::int64_t dv,
                                const Progress& progress, const Head& run) {
  GatedOutput<T> out{Tensor<T>({heads, n, dv}), Tensor<T>({heads, dk, dv})};
  for (std::int64_t h = 0; h < heads; ++h) {
    const double share = 1.0 / static_cast<double>(heads);
    run(h, out, progress.part(static_cast<double>(h) * share, static_cast<double>(h + 1) * share));
  }
  return out;
}

}  // namespace alab
