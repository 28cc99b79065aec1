// Zeros that take memory only where they are touched: shadows of large buffers.
// SPDX-License-Identifier: MIT
#pragma once

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "reference/core/error.hpp"

namespace alab::counted {

template <class T>
class LazyArray {
 public:
  LazyArray() = default;
  explicit LazyArray(std::size_t count) : bytes_(count * sizeof(T)) {
    if (bytes_ > 0) {
      void* const mapped =
          mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      require(mapped != MAP_FAILED, "no address space for ", bytes_, " bytes of counting tables (",
              std::strerror(errno), "): choose a smaller problem");
      data_ = static_cast<T*>(mapped);
    }
  }
  ~LazyArray() {
    if (data_ != nullptr) {
      munmap(data_, bytes_);
    }
  }
  LazyArray(LazyArray&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
  LazyArray& operator=(LazyArray&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  T* data() const { return data_; }
  std::size_t size() const { return bytes_ / sizeof(T); }
  T& operator[](std::size_t i) const { return data_[i]; }
  void clear() const {
    if (data_ != nullptr) {
      madvise(data_, bytes_, MADV_DONTNEED);
    }
  }

 private:
  T* data_ = nullptr;
  std::size_t bytes_ = 0;
};

}  // namespace alab::counted
