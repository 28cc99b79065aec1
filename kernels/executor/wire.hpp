// Values as bytes and back, between two processes of one build. What comes back is not trusted: every length
// is checked against what is there. SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "reference/core/tensor.hpp"

namespace alab::wire {

template <class T>
constexpr bool kRaw = std::is_trivially_copyable_v<T> && !std::is_same_v<T, bool> && !std::is_pointer_v<T>;
template <class T>
constexpr bool kRaw<std::optional<T>> = false;
template <>
inline constexpr bool kRaw<std::string_view> = false;

/// Anything else is sent by a function exchange(archive, value&) found beside its type.
class Packer {
 public:
  template <class... T>
  void operator()(const T&... values) {
    (put(values), ...);
  }
  const std::vector<std::byte>& bytes() const { return bytes_; }

 private:
  void append(const void* from, std::size_t count) {
    const auto* const first = static_cast<const std::byte*>(from);
    bytes_.insert(bytes_.end(), first, first + count);
  }
  void count(std::size_t n) { put(static_cast<std::uint64_t>(n)); }
  void put(bool value) { put(static_cast<std::uint8_t>(value)); }
  void put(const std::string& value) {
    count(value.size());
    append(value.data(), value.size());
  }
  template <class T>
  void put(const std::vector<T>& values) {
    count(values.size());
    if constexpr (kRaw<T>) {
      append(values.data(), values.size() * sizeof(T));
    } else {
      for (const T& value : values) {
        put(value);
      }
    }
  }
  template <class T>
  void put(const std::optional<T>& value) {
    put(value.has_value());
    if (value) {
      put(*value);
    }
  }
  template <class T>
  void put(const Tensor<T>& tensor) {
    put(tensor.shape());
    append(tensor.data(), static_cast<std::size_t>(tensor.size()) * sizeof(T));
  }
  template <class T, class Less>
  void put(const std::map<std::string, T, Less>& values) {
    count(values.size());
    for (const auto& [key, value] : values) {
      put(key);
      put(value);
    }
  }
  template <class T>
  void put(const T& value) {
    if constexpr (kRaw<T>) {
      append(&value, sizeof value);
    } else {
      exchange(*this, const_cast<T&>(value));
    }
  }
  std::vector<std::byte> bytes_;
};

/// @throws Error when the bytes end too early or a length cannot be
class Unpacker {
 public:
  explicit Unpacker(std::span<const std::byte> bytes) : rest_(bytes) {}
  template <class... T>
  void operator()(T&... values) {
    (get(values), ...);
  }
  std::size_t left() const { return rest_.size(); }

 private:
  void take(void* to, std::size_t bytes) {
    require(bytes <= rest_.size(), "the answer ends after its first bytes: ", bytes, " more were announced, ",
            rest_.size(), " are there");
    if (bytes > 0) {
      std::memcpy(to, rest_.data(), bytes);
    }
    rest_ = rest_.subspan(bytes);
  }
  std::size_t count(std::size_t least_bytes_each) {
    std::uint64_t n = 0;
    get(n);
    require(n <= rest_.size() / least_bytes_each, "the answer announces ", n, " values and has ",
            rest_.size(), " bytes left");
    return static_cast<std::size_t>(n);
  }
  void get(bool& value) {
    std::uint8_t byte = 0;
    get(byte);
    value = byte != 0;
  }
  void get(std::string& value) {
    value.resize(count(1));
    take(value.data(), value.size());
  }
  template <class T>
  void get(std::vector<T>& values) {
    if constexpr (kRaw<T>) {
      values.resize(count(sizeof(T)));
      take(values.data(), values.size() * sizeof(T));
    } else {
      values.clear();
      for (std::size_t i = count(1); i > 0; --i) {
        get(values.emplace_back());
      }
    }
  }
  template <class T>
  void get(std::optional<T>& value) {
    bool there = false;
    get(there);
    value.reset();
    if (there) {
      get(value.emplace());
    }
  }
  template <class T>
  void get(Tensor<T>& tensor) {
    Shape shape;
    get(shape);
    const std::int64_t elements = element_count(shape);
    require(static_cast<std::uint64_t>(elements) <= rest_.size() / sizeof(T), "the answer has a tensor of ",
            elements, " elements and ", rest_.size(), " bytes left");
    tensor = Tensor<T>(shape);
    take(tensor.data(), static_cast<std::size_t>(elements) * sizeof(T));
  }
  template <class T, class Less>
  void get(std::map<std::string, T, Less>& values) {
    values.clear();
    for (std::size_t i = count(1); i > 0; --i) {
      std::string key;
      get(key);
      get(values[key]);
    }
  }
  template <class T>
  void get(T& value) {
    if constexpr (kRaw<T>) {
      take(&value, sizeof value);
    } else {
      exchange(*this, value);
    }
  }
  std::span<const std::byte> rest_;
};

template <class T>
std::vector<std::byte> packed(const T& value) {
  wire::Packer packer;
  packer(value);
  return packer.bytes();
}

/// @throws Error when the bytes are no T, or more than one
template <class T>
T unpacked(std::span<const std::byte> bytes) {
  wire::Unpacker unpacker(bytes);
  T value;
  unpacker(value);
  require(unpacker.left() == 0, "the answer has ", unpacker.left(), " bytes more than it should");
  return value;
}

}  // namespace alab::wire
