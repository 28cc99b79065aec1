// The subscripts of device code, found in the text: what tests shift one at a time.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace alab::executor {

/// `name[index]` in the body of a __global__ or __device__ function; declarations of arrays are none.
struct Subscript {
  std::size_t open = 0, close = 0;  ///< where its brackets stand in the source
  int line = 0;
  std::string text;          ///< "s_row[j]"
  std::uint32_t number = 0;  ///< a hash of the file's path from kernels/ on and its place in the order
};

/// In the order of their opening brackets.
std::vector<Subscript> subscripts_of(std::string_view source, std::string_view path);

/// Every `a[i]` of them as `a[(i) + alab_shift(NUMBER)]`, lines unchanged.
std::string with_shifts(std::string_view source, std::string_view path);

}  // namespace alab::executor
