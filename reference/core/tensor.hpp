// Dense row-major tensors. Order of attention tensors is [heads, seq_len, dim], head outermost, as in the
// kernels. SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reference/core/cache_line.hpp"
#include "reference/core/error.hpp"

namespace alab {

using Shape = std::vector<std::int64_t>;

/// Number of elements; throws Error on a negative extent or on overflow of int64.
std::int64_t element_count(const Shape& shape);
/// "[2, 7, 48]".
std::string to_string(const Shape& shape);

/// Owning, contiguous, C order, zero-initialised, begins at a cache line: what is summed over it has the same
/// bits on every run. T is float, double or std::int32_t.
template <class T>
class Tensor {
 public:
  Tensor() = default;
  explicit Tensor(Shape shape)
      : shape_(std::move(shape)), data_(static_cast<std::size_t>(element_count(shape_))) {}
  /// Copies data, which holds as many elements as the shape asks for.
  Tensor(Shape shape, const std::vector<T>& data)
      : shape_(std::move(shape)), data_(data.begin(), data.end()) {
    require(element_count(shape_) == static_cast<std::int64_t>(data_.size()), "tensor of shape ",
            to_string(shape_), " needs ", element_count(shape_), " elements, got ", data_.size());
  }

  const Shape& shape() const { return shape_; }
  std::int64_t rank() const { return static_cast<std::int64_t>(shape_.size()); }
  /// Extent of one axis; axis < 0 counts from the end.
  std::int64_t extent(std::int64_t axis) const {
    return shape_.at(static_cast<std::size_t>(axis < 0 ? axis + rank() : axis));
  }
  std::int64_t size() const { return static_cast<std::int64_t>(data_.size()); }
  bool empty() const { return data_.empty(); }

  T* data() { return data_.data(); }
  const T* data() const { return data_.data(); }
  std::span<T> span() { return data_; }
  std::span<const T> span() const { return data_; }

  T& operator[](std::int64_t i) { return data_[static_cast<std::size_t>(i)]; }
  const T& operator[](std::int64_t i) const { return data_[static_cast<std::size_t>(i)]; }
  T& operator()(std::int64_t i, std::int64_t j) { return (*this)[i * shape_[1] + j]; }
  const T& operator()(std::int64_t i, std::int64_t j) const { return (*this)[i * shape_[1] + j]; }
  T& operator()(std::int64_t i, std::int64_t j, std::int64_t k) {
    return (*this)[(i * shape_[1] + j) * shape_[2] + k];
  }
  const T& operator()(std::int64_t i, std::int64_t j, std::int64_t k) const {
    return (*this)[(i * shape_[1] + j) * shape_[2] + k];
  }

  template <class U>
  Tensor<U> cast() const {
    Tensor<U> out(shape_);
    std::transform(data_.begin(), data_.end(), out.span().begin(), [](T x) { return static_cast<U>(x); });
    return out;
  }
  friend bool operator==(const Tensor&, const Tensor&) = default;

 private:
  Shape shape_;
  AlignedVector<T> data_;
};

}  // namespace alab
