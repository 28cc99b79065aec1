// Softmax and linear attention as sequences of matrix products that count themselves: FLOPs, elements moved,
// temporaries. The same code computes, or only counts where the arrays would not fit.
// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>

#include "reference/core/eigen_view.hpp"
#include "reference/counters.hpp"

namespace alab {

/// What a form computes, moves and holds. A product reads both factors once and writes its result once (as a
/// library's product with perfect reuse); exp, feature maps and masks cost no FLOPs here.
class WorkMeter {
 public:
  /// @param arithmetic  false: forms count and compute nothing
  explicit WorkMeter(bool arithmetic = true) : arithmetic_(arithmetic) {}
  bool arithmetic() const { return arithmetic_; }

  /// A matrix product [rows, inner] x [inner, cols], each operand crossing the bus once.
  void product(std::int64_t rows, std::int64_t inner, std::int64_t cols) {
    product_flops_ += product_cost(rows, inner, cols);
    move(rows * inner + inner * cols, rows * cols);
  }
  /// The same arithmetic on operands that are on the chip already.
  void product_on_chip(std::int64_t rows, std::int64_t inner, std::int64_t cols) {
    product_flops_ += product_cost(rows, inner, cols);
  }
  /// Arithmetic of a denominator, kept apart.
  void normaliser(std::int64_t rows, std::int64_t inner, std::int64_t cols) {
    normaliser_flops_ += product_cost(rows, inner, cols);
  }
  /// Elements read from and written to slow memory.
  void move(std::int64_t loads, std::int64_t stores) {
    loads_ += static_cast<double>(loads);
    stores_ += static_cast<double>(stores);
  }
  /// A temporary that lives as long as the returned object.
  Metered temporary(std::int64_t elements) {
    largest_ = std::max(largest_, elements);
    return Metered(&memory_, elements);
  }

  double product_flops() const { return product_flops_; }
  double normaliser_flops() const { return normaliser_flops_; }
  double elements_moved() const { return loads_ + stores_; }
  /// Elements of the largest single temporary, and of all that lived at the same time.
  double largest_temporary() const { return static_cast<double>(largest_); }
  double peak_temporaries() const { return static_cast<double>(memory_.peak()); }

 private:
  static double product_cost(std::int64_t rows, std::int64_t inner, std::int64_t cols) {
    return 2 * static_cast<double>(rows) * static_cast<double>(inner) * static_cast<double>(cols);
  }
  bool arithmetic_;
  double product_flops_ = 0, normaliser_flops_ = 0, loads_ = 0, stores_ = 0;
  std::int64_t largest_ = 0;
  AllocationMeter memory_;
};

/// Queries (or their features), keys (or theirs) and values of one head; or, for counting alone, the sizes.
template <class T>
struct Operands {
  std::int64_t seq_len = 0, width = 0, head_dim_v = 0;  ///< width: head_dim, or feature_dim after a map
  RowMatrix<T> query, key, value;                       ///< [seq_len, width] twice, [seq_len, head_dim_v]

  static Operands sizes(std::int64_t seq_len, std::int64_t width, std::int64_t head_dim_v) {
    return {seq_len, width, head_dim_v, {}, {}, {}};
  }
  static Operands of(RowMatrix<T> query, RowMatrix<T> key, RowMatrix<T> value) {
    const std::int64_t n = query.rows(), w = query.cols(), dv = value.cols();
    return {n, w, dv, std::move(query), std::move(key), std::move(value)};
  }
};

/// O = softmax(scale Q K^T) V, scores in memory. @return [seq_len, head_dim_v]; empty when only counting
template <class T>
RowMatrix<T> softmax_form(const Operands<T>& in, double scale, WorkMeter& work);
/// O = (phi(Q) phi(K)^T) V, rows divided by their sums when normalised: N x N first.
template <class T>
RowMatrix<T> scores_first(const Operands<T>& in, bool normalised, WorkMeter& work);
/// O = phi(Q) (phi(K)^T V), divided by phi(q) . sum of phi(k) when normalised: m x dv first.
template <class T>
RowMatrix<T> state_first(const Operands<T>& in, bool normalised, WorkMeter& work);
/// Causal, not normalised: o_t = phi(q_t) S_t over chunks, each chunk's state stored and read back.
template <class T>
RowMatrix<T> chunkwise_form(const Operands<T>& in, std::int64_t chunk_size, WorkMeter& work);

}  // namespace alab
