// A profile of a rung, asked of a worker program and answered by it. SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "kernels/executor/child_serve.hpp"
#include "kernels/profile_rung.hpp"

namespace alab {

struct RungRequest {
  std::string op, rung, problem, tiles;  ///< the last two as ParamSet::describe gives them
  bool counted = true;                   ///< or run by the fast executor
  RunOptions options;
  HostArrays inputs;
  Judged judged;
  counted::TraceWish wish;
  CountFlops flops = CountFlops::no;
};

std::vector<std::byte> bytes_of(const RungRequest& request);
/// Without run.rung.
std::vector<std::byte> bytes_of(const RungProfile& profile);
/// @throws Error when the bytes are no such thing
RungRequest rung_request_from(std::span<const std::byte> bytes);
/// Every index, enumerator and extent in it is within what it stands for; whether a number is true is not
/// known. @throws Error when the bytes are no profile
RungProfile rung_profile_from(std::span<const std::byte> bytes);

/// The worker's task "rung".
child::Bytes answer_rung(std::span<const std::byte> request);

}  // namespace alab
