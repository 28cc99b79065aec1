// A rung on the counted executor, for labs that show what a running kernel did.
// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kernels/profile_rung.hpp"
#include "labs/lab.hpp"

namespace alab {

/// @throws Error when this build has no such rung; see counting_unavailable
const RungBuild& counted_rung(std::string_view op, std::string_view id);
/// "" or why no rung is counted here, and what to do.
std::string counting_unavailable(const Context& context);

/// Whether a quick look should leave a kernel of so many multiply-adds to the full run.
bool too_long_for_quick(const Context& context, std::int64_t multiply_adds);

/// What a lab hands to a rung.
struct CountedTask {
  const Op& op;
  ParamSet problem;
  HostArrays inputs;
  Judged judged;
};
CountedTask counted_task(const Op& op, ParamSet problem, HostArrays inputs);

/// @throws Error when a check of the result failed, or the trace did not get all that was wished for
RungProfile run_counted(const CountedTask& task, const RungBuild& build, const ParamSet& tiles,
                        const Progress& progress, const counted::TraceWish& wish = {});
/// Elements of 4 bytes that the lanes of a request asked for, each once.
std::int64_t elements_of(const counted::TracedRequest& request);
/// Global requests and shown values of the first blocks of each launch.
counted::TraceWish wish_for_steps(std::uint64_t blocks);

}  // namespace alab
