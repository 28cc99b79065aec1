// The softmax over the keys seen so far, in double and without any online trick: what a running state is held
// against. SPDX-License-Identifier: MIT
#pragma once

#include "labs/ch10_02_flash_tiling/tiles.hpp"

namespace alab::flash_tiling {

/// Exponentials are taken against the maximum of the whole row, which the dense form knows beforehand; keys
/// are then added in any order. Rows that see no key stay empty.
class DensePrefix {
 public:
  explicit DensePrefix(const TileProblem& problem);

  /// Adds keys [begin, end) to a row, or to every row.
  void add(std::int64_t row, std::int64_t begin, std::int64_t end);
  void add(std::int64_t begin, std::int64_t end);

  Eigen::RowVectorXd output(std::int64_t row) const;
  RowMatrix<double> output() const;
  double logsumexp(std::int64_t row) const;
  bool empty(std::int64_t row) const { return !(sum_[row] > 0); }

 private:
  RowMatrix<double> values_, scores_, weighted_;
  Eigen::VectorXd top_, sum_;
};

}  // namespace alab::flash_tiling
