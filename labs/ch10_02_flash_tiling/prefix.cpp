// SPDX-License-Identifier: MIT
#include "labs/ch10_02_flash_tiling/prefix.hpp"

#include <cmath>
#include <limits>

namespace alab::flash_tiling {

DensePrefix::DensePrefix(const TileProblem& p) : values_(p.value.cast<double>()) {
  scores_ = p.softmax_scale * (p.query.cast<double>() * p.key.cast<double>().transpose());
  const std::int64_t offset = scores_.cols() - scores_.rows();
  for (std::int64_t i = 0; i < scores_.rows(); ++i) {
    for (std::int64_t j = 0; j < scores_.cols(); ++j) {
      if (p.causal && j > i + offset) {
        scores_(i, j) = -std::numeric_limits<double>::infinity();
      } else if (p.mask != nullptr) {
        scores_(i, j) += static_cast<double>(p.mask[i * scores_.cols() + j]);
      }
    }
  }
  top_ = scores_.rowwise().maxCoeff();
  sum_ = Eigen::VectorXd::Zero(scores_.rows());
  weighted_ = RowMatrix<double>::Zero(scores_.rows(), values_.cols());
}

void DensePrefix::add(std::int64_t row, std::int64_t begin, std::int64_t end) {
  if (std::isinf(top_[row])) {
    return;
  }
  const Eigen::RowVectorXd p =
      (scores_.row(row).segment(begin, end - begin).array() - top_[row]).exp().matrix();
  sum_[row] += p.sum();
  weighted_.row(row).noalias() += p * values_.middleRows(begin, end - begin);
}

void DensePrefix::add(std::int64_t begin, std::int64_t end) {
  for (std::int64_t row = 0; row < scores_.rows(); ++row) {
    add(row, begin, end);
  }
}

Eigen::RowVectorXd DensePrefix::output(std::int64_t row) const {
  return weighted_.row(row) / (sum_[row] > 0 ? sum_[row] : 1);
}

RowMatrix<double> DensePrefix::output() const {
  const Eigen::VectorXd divisor = (sum_.array() > 0).select(sum_, 1.0);
  return (weighted_.array().colwise() / divisor.array()).matrix();
}

double DensePrefix::logsumexp(std::int64_t row) const {
  return top_[row] + std::log(sum_[row]);
}

}  // namespace alab::flash_tiling
