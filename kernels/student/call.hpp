// What the given launch code of an exercise (launch.cu) may ask for: sizes and arrays of the case that runs.
// Part of the student's translation unit: small, and without the schema of parameters.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "kernels/rung.hpp"

namespace alab::student {

class Call {
 public:
  Call(Stream& s, std::map<std::string, double, std::less<>> numbers, const Buffers& buffers)
      : stream(s), numbers_(std::move(numbers)), buffers_(buffers) {}

  Stream& stream;
  /// A number of the shape. @throws Error: the shape has none of that name
  int i(std::string_view name) const { return static_cast<int>(number(name)); }
  float f(std::string_view name) const { return static_cast<float>(number(name)); }
  /// An array of the exercise where the kernel runs. @throws Error: no such array
  float* f32(std::string_view name) const { return buffers_.f32(name); }
  int* i32(std::string_view name) const { return buffers_.i32(name); }

 private:
  double number(std::string_view name) const;
  std::map<std::string, double, std::less<>> numbers_;
  const Buffers& buffers_;
};

/// a / b, rounded up; for sizes of grids.
constexpr int cd(std::int64_t a, std::int64_t b) {
  return static_cast<int>((a + b - 1) / b);
}

/// The one function that launch.cu defines.
using Launcher = void (*)(const Call& call);

}  // namespace alab::student
