// One output of one case held against the truth: how far off, where, and by which rule.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "kernels/op.hpp"

namespace alab::student {

/// What the host leaves in outputs before a launch: of f32 these bits, a NaN; of i32 the least number.
inline constexpr std::uint32_t kUnwrittenBits = 0xFFFFFFFFu;
inline constexpr std::int32_t kUnwrittenIndex = std::numeric_limits<std::int32_t>::min();

/// An array as matrices: the last two axes are rows and columns; a vector is one column.
struct Layout {
  std::int64_t matrices = 1, rows = 1, cols = 1;
  int rank = 1;
  std::int64_t size() const { return matrices * rows * cols; }
};
Layout layout_of(const Shape& shape);
/// "S[0, 3, 17]"
std::string element_name(std::string_view array, const Shape& shape, std::int64_t flat);

/// One output, and what it is held against. Truth and scale outlive it.
struct JudgedOutput {
  BufferSpec spec;
  const Tensor<double>* truth = nullptr;
  const Tensor<double>* scale = nullptr;  ///< what errors are measured against: the truth, or its magnitude
  Tensor<double> got;
  std::vector<std::uint8_t> unwritten;  ///< per element: it still holds what the host left there
};

/// The outputs of a run by the exercise's arrays. @throws Error: an output or a truth is missing or has
/// another shape
std::vector<JudgedOutput> judged_outputs(const std::vector<BufferSpec>& arrays, const HostArrays& outputs,
                                         const TruthArrays& truth, const TruthArrays& magnitude);

enum class Rule {
  none,
  exact,     ///< integers, and outputs that are all zero
  finite,    ///< a NaN or an infinity where a number belongs, or the reverse
  relative,  ///< ||got - truth|| <= T ||scale||
  largest    ///< max |got - truth| <= 100 T max |scale|
};

/// Relative error in the L2 sense, and the largest error of one element over the largest of the scale. Both
/// are measured over the elements whose truth is finite; infinite ones must be equal.
struct OutputError {
  Rule rule = Rule::none;  ///< that fired; none: it passes
  double relative = 0;     ///< NaN when finite fired
  double largest = 0;      ///< likewise
  std::int64_t wrong = 0;  ///< elements whose own error is over their share (element_limits)
  std::int64_t first =
      -1;  ///< flat index of the first of these; of the first that is not finite when finite fired
  std::int64_t worst = -1;  ///< of the largest error
};
OutputError error_of(const JudgedOutput& output, double tolerance);

/// |error| that each element may have so that the L2 rule holds for sure: T max(|scale_i|, rms(scale)); 0
/// where the output must be exact.
std::vector<double> element_limits(const JudgedOutput& output, double tolerance);
/// |got - truth| of an element; infinite where one of them is no number or the infinities differ.
double element_error(const JudgedOutput& output, std::int64_t flat);
/// Over its limit.
std::vector<std::uint8_t> wrong_elements(const JudgedOutput& output, double tolerance);

/// "S[0, 3, 17] is 0.25, expected 0.5; 12 of 66 elements are wrong (relative error 0.31, allowed 5e-06)"
std::string sentence_of(const JudgedOutput& output, const OutputError& error, double tolerance);

}  // namespace alab::student
