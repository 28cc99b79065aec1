// Softmax over rows in the forms of Milakov and Gimelshein: naive, safe, online; the (m, d) monoid; fused
// top-k. SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <vector>

#include "reference/core/rng.hpp"
#include "reference/core/tensor.hpp"
#include "reference/counters.hpp"

namespace alab {

/// y_j = e^{x_j - m} / d, d = sum_j e^{x_j - m}, lse = m + log d. A row of -inf gives y = 0, m = -inf, d = 0,
/// lse = -inf.
template <class T>
struct SoftmaxRows {
  Tensor<T> y;          ///< [rows, V]
  Tensor<T> m, d, lse;  ///< [rows]
};

/// The forms take x [rows, V], V >= 1, and add what they touch to accesses when it is given.
/// Naive: sum of e^{x_j}, then the quotient. m is 0 by definition. Overflows from x = 88.73 in f32, on
/// purpose. 3 accesses per element. Source: arXiv:1805.02867, algorithm 1.
template <class T>
SoftmaxRows<T> softmax_naive(const Tensor<T>& x, Accesses* accesses = nullptr);
/// Safe: maximum, sum, quotient; 4 accesses per element. Source: algorithm 2.
template <class T>
SoftmaxRows<T> softmax_safe(const Tensor<T>& x, Accesses* accesses = nullptr);
/// Online: maximum and sum in one pass, m_j = max(m_{j-1}, x_j), d_j = d_{j-1} e^{m_{j-1}-m_j} + e^{x_j-m_j};
/// 3 accesses per element; the sum is sequential in T. Source: algorithm 3.
template <class T>
SoftmaxRows<T> softmax_online(const Tensor<T>& x, Accesses* accesses = nullptr);
/// Safe form with a compensated sum (Neumaier 1974): error of d independent of V. The registry's form.
template <class T>
SoftmaxRows<T> softmax_compensated(const Tensor<T>& x);

/// (m, d) of a run of elements. The neutral element is (-inf, 0).
template <class T>
struct NormalizerPart {
  T m, d;
  static NormalizerPart neutral();
  friend bool operator==(const NormalizerPart&, const NormalizerPart&) = default;
};
/// m = max, d = d_a e^{m_a - m} + d_b e^{m_b - m}; empty parts allowed on both sides. Associative up to
/// rounding, commutative exactly. Source: arXiv:1805.02867, section 3.1, equation 4.
template <class T>
NormalizerPart<T> merge(NormalizerPart<T> a, NormalizerPart<T> b);
/// The formula as printed, without the guard: two empty parts give NaN. For the lab that shows why.
template <class T>
NormalizerPart<T> merge_as_printed(NormalizerPart<T> a, NormalizerPart<T> b);
/// One element after another, from the left.
template <class T>
NormalizerPart<T> reduce_sequential(std::span<const T> x);
/// A binary tree whose cuts are drawn from rng, uniformly; expected depth O(log V).
template <class T>
NormalizerPart<T> reduce_random_tree(std::span<const T> x, Rng& rng);

/// Partial results (m, d, o) of two key ranges, o already normalised; an empty part is (-inf, 0, 0).
template <class T>
struct MergedRows {
  Tensor<T> m, d;  ///< [rows]
  Tensor<T> o;     ///< [rows, width]
};
/// o = (o1 d1 e^{m1-m} + o2 d2 e^{m2-m}) / d. Both empty: (-inf, 0, 0). Throws Error when shapes disagree.
template <class T>
MergedRows<T> merge_rows(const MergedRows<T>& a, const MergedRows<T>& b);

/// The K largest probabilities of each row and where they stand.
template <class T>
struct TopK {
  Tensor<T> v;             ///< [rows, K], descending; surplus slots (K > V) hold 0
  Tensor<std::int32_t> z;  ///< [rows, K]; equal values by lower index; surplus slots hold -1
};
/// Softmax and top-k fused: 1 load per element. accesses.results counts the 2K stores of a row.
/// Source: arXiv:1805.02867, algorithm 4. @param k 1 or more
template <class T>
TopK<T> softmax_topk_fused(const Tensor<T>& x, std::int64_t k, Accesses* accesses = nullptr);
/// Safe softmax, then top-k over y: 5 accesses per element.
template <class T>
TopK<T> softmax_topk_separate(const Tensor<T>& x, std::int64_t k, Accesses* accesses = nullptr);

/// State after element j of one row, for a stepper.
struct OnlineStep {
  std::int64_t j = 0;
  double x = 0, m = 0, d = 0;
  double rescale = 1;  ///< e^{m_{j-1} - m_j}, what d_{j-1} was multiplied by; 1 when the maximum stayed, 0 at
                       ///< the first finite element
  bool new_max = false;
};
/// One step per element, computed in T. Invariant: 1 <= d_j <= j + 1 (j from 0) once an element is finite.
template <class T>
std::vector<OnlineStep> online_softmax_trace(std::span<const T> row);

}  // namespace alab
