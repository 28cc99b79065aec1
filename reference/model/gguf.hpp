// The GGUF container, versions 2 and 3 little-endian, read in place: nothing is copied, everything is checked
// first. Knows F32, F16, Q8_0 and Q4_1 tensors; what the tensors mean is smollm2.hpp's business.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "reference/core/tensor.hpp"

namespace alab {

/// ggml's numbers for the four storage types read here.
enum class GgufType : std::uint32_t { f32 = 0, f16 = 1, q4_1 = 3, q8_0 = 8 };
std::string_view to_string(GgufType type);
/// Elements per block and bytes per block: a row is a whole number of blocks.
std::int64_t block_elements(GgufType type);
std::int64_t block_bytes(GgufType type);

/// A matrix inside the file: rows x cols, row-major, `bytes` points into the file.
struct GgufTensor {
  std::string_view name;
  GgufType type = GgufType::f32;
  Shape shape;  ///< outermost first, as everywhere in this house (the file stores it innermost first)
  std::int64_t rows = 0, cols = 0;
  std::string_view bytes;
};

/// Values of row `row`, converted to float:
///   f32: x;  f16: x;  q8_0 (34 bytes: f16 d, 32 x i8): x = d q;
///   q4_1 (20 bytes: f16 d, f16 m, 16 bytes; low nibbles are elements 0-15, high nibbles 16-31): x = d q + m.
/// out has tensor.cols elements.
void dequantise_row(const GgufTensor& tensor, std::int64_t row, std::span<float> out);

/// The parsed file. Holds views into `bytes`, which must outlive it.
class Gguf {
 public:
  Gguf() = default;
  /// Checks the whole structure and allocates in proportion to what is really in the file.
  /// @param name used in messages
  /// @throws Error, one sentence: not GGUF, unknown version, truncated, counts or lengths beyond the end,
  /// unknown value
  ///   or tensor types, nested arrays, duplicate names, shapes that overflow or are no whole number of
  ///   blocks, misaligned or outside tensor data.
  explicit Gguf(std::string_view bytes, std::string name = "the GGUF file");

  bool has(std::string_view key) const { return values_.count(key) != 0; }
  std::size_t value_count() const { return values_.size(); }
  /// Each throws Error when the key is absent or of another kind, and names it.
  std::int64_t integer(std::string_view key) const;
  double real(std::string_view key) const;
  bool flag(std::string_view key) const;
  std::string_view words(std::string_view key) const;
  std::vector<std::string_view> word_list(std::string_view key) const;
  std::vector<std::int64_t> integer_list(std::string_view key) const;

  const std::vector<GgufTensor>& tensors() const { return tensors_; }
  const GgufTensor* find(std::string_view name) const;  ///< nullptr when absent
  /// Error when absent or of another shape.
  const GgufTensor& tensor(std::string_view name, const Shape& shape) const;
  const std::string& name() const { return name_; }

 private:
  struct Value {
    std::uint32_t type = 0;   ///< of the value, or of the elements of an array
    std::uint64_t count = 1;  ///< elements of an array
    bool array = false;
    std::string_view payload;
  };
  class Cursor;
  void read_value(Cursor& cursor, std::string_view key);
  void read_tensor(Cursor& cursor, std::string_view data, std::int64_t alignment);
  const Value& value(std::string_view key, bool array) const;
  std::int64_t integer_at(const Value& value, std::uint64_t index, std::string_view key) const;

  std::string name_;
  std::map<std::string_view, Value> values_;
  std::vector<GgufTensor> tensors_;
  std::map<std::string_view, std::size_t> tensor_index_;
};

}  // namespace alab
