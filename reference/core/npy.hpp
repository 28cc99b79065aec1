// NumPy's .npy format, versions 1.0, 2.0 and 3.0 (numpy.lib.format). Reading checks everything before it
// allocates. SPDX-License-Identifier: MIT
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "reference/core/tensor.hpp"

namespace alab {

/// What a file holds, before the data is read.
struct NpyHeader {
  std::string descr;  ///< "<f4", "<f8", "<i4", "<i8"
  bool fortran_order = false;
  Shape shape;
  std::size_t data_offset = 0;
};
/// Error on a bad magic, header, dtype, shape (negative, over 2^40 elements in all) or a truncated file.
NpyHeader parse_npy_header(std::string_view bytes);

/// Values of any of the four dtypes, f2 included, converted to T; Fortran order is transposed to C order.
template <class T>
Tensor<T> parse_npy(std::string_view bytes);
template <class T>
Tensor<T> read_npy(const std::filesystem::path& file);
/// Version 1.0, little-endian, C order, header padded to 64 bytes; written atomically.
template <class T>
void write_npy(const std::filesystem::path& file, const Tensor<T>& tensor);

}  // namespace alab
