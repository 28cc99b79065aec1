// How this build compiles students' kernels: written by CMake, .ci/cmake/student_kit.cmake.
// SPDX-License-Identifier: MIT
#pragma once

#include <span>
#include <string_view>

namespace alab::student {

struct StudentBuild {
  std::string_view unavailable;             ///< "" or why this build cannot compile kernels, and what to do
  std::string_view compiler, objcopy;       ///< paths
  std::span<const std::string_view> flags;  ///< of the counted build
  std::span<const std::string_view> counting_flags;  ///< of the build that counts operations
  std::span<const std::string_view> libraries;       ///< paths and options, last in the link
  std::string_view kit;  ///< folder with prelude.cuh, operations/prelude.cuh, their compiled forms, and the
                         ///< parts of every program
  std::string_view source;  ///< the checkout
  std::string_view tools;   ///< folder of the build step behind the compiler, or ""
  std::string_view rules;   ///< changes with what reads sources, objects and the compiler's words
};
const StudentBuild& student_build();

}  // namespace alab::student
