// Known mistakes of the exercises - wrong/*.cu, and solution.cu - as built in: for the fast executor, so that
// their outputs can be held against a student's. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/student/call.hpp"
#include "kernels/student/case_wire.hpp"

namespace alab::student {

struct Mistake {
  std::string_view name;  ///< "wrong/no_bounds_test.cu"
  Launcher run = nullptr;
};
struct MistakesOf {
  std::string_view exercise;
  std::span<const Mistake> all;
};
/// Generated from the folder listing.
std::span<const MistakesOf> all_mistakes();

struct MistakeRequest {
  std::string exercise, name;
  CaseRequest request;
};
std::vector<std::byte> bytes_of(const MistakeRequest& request);
/// @throws Error when the bytes are no such thing
MistakeRequest mistake_request_from(std::span<const std::byte> bytes);

}  // namespace alab::student
