// SPDX-License-Identifier: MIT
#include "labs/common/counted_run.hpp"

#include <algorithm>
#include <numeric>
#include <set>

namespace alab {
namespace {

constexpr std::size_t kMostRequests = std::size_t{1} << 16, kMostValues = std::size_t{1} << 20;

void require_passed(const Rung& rung, const RungProfile& profile) {
  for (const Check& check : profile.run.checks) {
    require(check.passed(), rung.op, "/", rung.id, " failed: ", check.detail);
  }
  require(profile.run.passed, rung.op, "/", rung.id, " failed");
}

}  // namespace

const RungBuild& counted_rung(std::string_view op, std::string_view id) {
  const auto builds = rungs_of(op, counted_rungs());
  const auto at = std::find_if(builds.begin(), builds.end(),
                               [&](const RungBuild* build) { return build->rung->id == id; });
  require(at != builds.end(), "the counted build has no rung ", op, "/", id);
  return **at;
}

std::string counting_unavailable(const Context& context) {
  return context.simulated ? counted_unavailable() : "the executor is switched off";
}

bool too_long_for_quick(const Context& context, std::int64_t multiply_adds) {
  constexpr std::int64_t kAbout30Milliseconds = 1'000'000;
  return context.quick && multiply_adds > kAbout30Milliseconds;
}

CountedTask counted_task(const Op& op, ParamSet problem, HostArrays inputs) {
  Judged judged = judge(op, problem, inputs);
  return {op, std::move(problem), std::move(inputs), std::move(judged)};
}

RungProfile run_counted(const CountedTask& task, const RungBuild& build, const ParamSet& tiles,
                        const Progress& progress, const counted::TraceWish& wish) {
  RunOptions options;
  options.timed = false;
  RungProfile profile =
      profile_rung(task.op, build, task.problem, tiles, task.inputs, task.judged, options, progress, wish);
  require_passed(*build.rung, profile);
  require(profile.trace.cut + profile.trace.values_cut == 0, build.rung->op, "/", build.rung->id,
          " makes more requests than can be followed (", profile.trace.cut, " requests and ",
          profile.trace.values_cut, " values too many): choose a shorter sequence");
  return profile;
}

std::int64_t elements_of(const counted::TracedRequest& request) {
  std::set<std::int64_t> distinct;
  for (unsigned lane = 0; lane < 32; ++lane) {
    if ((request.mask >> lane & 1u) != 0) {
      distinct.insert(request.offsets[lane]);
    }
  }
  return std::ssize(distinct) * request.bytes / 4;
}

counted::TraceWish wish_for_steps(std::uint64_t blocks) {
  counted::TraceWish wish;
  wish.blocks.resize(blocks);
  std::iota(wish.blocks.begin(), wish.blocks.end(), std::uint64_t{0});
  wish.most_requests = kMostRequests;
  wish.most_values = kMostValues;
  wish.only_global = true;
  return wish;
}

}  // namespace alab
