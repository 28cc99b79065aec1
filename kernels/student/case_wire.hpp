// One case, asked of a student's program and answered by it. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "kernels/executor/counted/flop_stream.hpp"
#include "kernels/executor/counted/profile.hpp"
#include "kernels/executor/counted/trace.hpp"
#include "kernels/rung.hpp"
#include "kernels/student/shown_value.hpp"

namespace alab::student {

/// Nothing in it tells what is right.
struct CaseRequest {
  std::map<std::string, double, std::less<>> numbers;  ///< of the shape
  std::vector<BufferSpec> buffers;
  std::vector<std::string> zeroed;
  HostArrays inputs;
  Stream::Order order = Stream::Order::ascending;
  std::uint64_t seed = 1;
  counted::TraceWish wish;
  std::uint64_t thread_budget = 0;  ///< of counted::Options
  unsigned workers = 0;
  bool by_line = true;      ///< of counted::Options
  bool operations = false;  ///< the program counts operations in place of accesses
};

struct CaseAnswer {
  std::string failure;  ///< "" or what ended a launch; then there are no outputs
  HostArrays outputs;
  std::string damage;
  std::vector<std::string> changed;
  std::vector<counted::LaunchProfile> launches;
  std::vector<counted::Finding> findings;
  counted::RequestTrace trace;
  std::vector<ShownValue> shown;
  std::vector<counted::LaunchFlops> operations;
};

std::vector<std::byte> bytes_of(const CaseRequest& request);
std::vector<std::byte> bytes_of(const CaseAnswer& answer);
/// @throws Error when the bytes are no such thing
CaseRequest case_request_from(std::span<const std::byte> bytes);
/// Whole outputs of the shapes that were asked for, and sound profiles; whether a number is true is not
/// known.
/// @throws Error when the bytes are no answer to the request
CaseAnswer case_answer_from(std::span<const std::byte> bytes, const CaseRequest& request);

}  // namespace alab::student
