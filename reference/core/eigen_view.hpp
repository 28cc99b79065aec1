// Eigen maps over tensors: a head of [heads, rows, cols] seen as a row-major matrix. Nothing is copied.
// SPDX-License-Identifier: MIT
#pragma once

#include <Eigen/Core>

#include "reference/core/tensor.hpp"

namespace alab {

template <class T>
using RowMatrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
template <class T>
using MatrixMap = Eigen::Map<RowMatrix<T>>;
template <class T>
using ConstMatrixMap = Eigen::Map<const RowMatrix<T>>;

/// Head h of a [heads, rows, cols] tensor.
template <class T>
MatrixMap<T> head(Tensor<T>& tensor, std::int64_t h) {
  return {tensor.data() + h * tensor.extent(1) * tensor.extent(2), tensor.extent(1), tensor.extent(2)};
}
template <class T>
ConstMatrixMap<T> head(const Tensor<T>& tensor, std::int64_t h) {
  return {tensor.data() + h * tensor.extent(1) * tensor.extent(2), tensor.extent(1), tensor.extent(2)};
}
/// A [rows, cols] tensor.
template <class T>
MatrixMap<T> matrix(Tensor<T>& tensor) {
  return {tensor.data(), tensor.extent(0), tensor.extent(1)};
}
template <class T>
ConstMatrixMap<T> matrix(const Tensor<T>& tensor) {
  return {tensor.data(), tensor.extent(0), tensor.extent(1)};
}

}  // namespace alab
