// SPDX-License-Identifier: MIT
#include "reference/core/tensor.hpp"

#include <limits>

namespace alab {

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t extent : shape) {
    require(extent >= 0, "shape ", to_string(shape),
            " has a negative extent; every extent must be 0 or more");
    if (extent != 0) {
      require(count <= std::numeric_limits<std::int64_t>::max() / extent, "shape ", to_string(shape),
              " has more elements than 2^63; use smaller extents");
    }
    count *= extent;
  }
  return count;
}

std::string to_string(const Shape& shape) {
  std::string out = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    out += (i > 0 ? ", " : "") + std::to_string(shape[i]);
  }
  return out + "]";
}

}  // namespace alab
