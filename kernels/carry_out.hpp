// The part of a run that judges nothing: an op's or an exercise's arrays on a stream, before and after the
// launches. SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/rung.hpp"

namespace alab {

/// Arrays on a stream, in the specs' order. Outputs hold NaN (i32: the least number) until a kernel writes
/// them, or zero where the host says so.
class Placement {
 public:
  /// zeroed: outputs that the host sets to zero. @throws Error: an input is missing or has another shape
  Placement(Stream& stream, const std::vector<BufferSpec>& specs, const HostArrays& inputs,
            std::span<const std::string> zeroed = {});

  const Buffers& buffers() const { return buffers_; }
  HostArrays outputs() const;
  /// Names of inputs whose bytes are no longer those that were placed.
  std::vector<std::string> changed() const;

 private:
  struct Array {
    BufferSpec spec;
    std::vector<std::uint32_t> before;
    void* device = nullptr;
  };
  std::vector<std::uint32_t> fetch(const Array& array) const;

  Stream& stream_;
  std::vector<Array> arrays_;
  Buffers buffers_;
};

}  // namespace alab
