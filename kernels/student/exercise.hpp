// An exercise is a folder of a lab: what the student's kernels compute, in double precision, and the arrays
// and inputs they are judged on. Everything that an instructor may want to change - statement, points,
// shapes, bounds - is in its checks.toml (manifest.hpp). SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/op.hpp"
#include "reference/core/param.hpp"
#include "reference/core/tensor.hpp"

namespace alab::student {

struct Exercise {
  std::string_view id;  ///< its folder: 1a_scores_naive
  ParamList params;     ///< what a shape assigns: "N=33 d=20 heads=2 scale=0.3"
  /// Kinds of input that inputs() knows; the first is "random". Usual names: random, zeros, constant,
  /// ascending, descending, spike, large.
  std::span<const std::string_view> input_kinds;
  /// All arrays under the names of the statement; padding that may not be read is part of an input and NaN.
  std::vector<BufferSpec> (*buffers)(const ParamSet& shape);
  /// Deterministic in all three arguments. zeroed() outputs are not in it.
  HostArrays (*inputs)(const ParamSet& shape, std::string_view kind, std::uint64_t seed);
  /// Every output, in double from the same rounded inputs; indices as doubles.
  TruthArrays (*reference)(const ParamSet& shape, const HostArrays& inputs);
  /// What an output's error is measured against where exact cancellation makes the truth itself too small
  /// (the same sums with absolute values), by the output's name; nullptr, or a name left out: the truth.
  TruthArrays (*magnitude)(const ParamSet& shape, const HostArrays& inputs) = nullptr;
  /// Outputs that the host sets to zero before the launch; all others are NaN.
  std::span<const std::string_view> zeroed = {};
  /// Ladder that the finished kernel belongs to, or "" when no op computes the same.
  std::string_view op = {};
};

/// The files of an exercise's folder as they were built in; name: "starter.cu", "wrong/no_bounds_test.cu".
struct ExerciseFile {
  std::string_view lab, exercise, name, text;
};

/// Ordered by id. Generated from the folder listing labs/*/exercises/*.
std::span<const Exercise* const> all_exercises();
std::span<const ExerciseFile> exercise_files();
/// nullptr when unknown. A unique beginning ("1a") will do.
const Exercise* find_exercise(std::string_view id);
/// "" when the folder has none of that name.
std::string_view file_of(const Exercise& exercise, std::string_view name);
/// The lab's folder: ch05_01_complexity_analysis.
std::string_view lab_of(const Exercise& exercise);

}  // namespace alab::student
