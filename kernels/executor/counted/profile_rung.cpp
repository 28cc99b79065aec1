// SPDX-License-Identifier: MIT
#include "kernels/profile_rung.hpp"

#include <algorithm>
#include <functional>

#include "kernels/add_operations.hpp"
#include "kernels/executor/counted/counted_stream.hpp"
#include "kernels/executor/counted/flop_stream.hpp"
#include "reference/core/error.hpp"

namespace alab {
namespace {

const RungBuild* flops_build_of(const Rung& rung) {
  const auto builds = flops_rungs();
  const auto at = std::find_if(builds.begin(), builds.end(), [&](const RungBuild* build) {
    return build->rung->op == rung.op && build->rung->id == rung.id;
  });
  return at == builds.end() ? nullptr : *at;
}

/// One judged run of a build on a stream.
using RunOn = std::function<RungRun(Stream& stream, const RungBuild& build)>;

// "" or why profile.launches have no operations.
std::string count_operations(RungProfile& profile, counted::FlopStream& stream, const RunOn& run_on) {
  const Rung& rung = *profile.run.rung;
  const RungBuild* const build = flops_build_of(rung);
  if (build == nullptr) {
    return text(rung.op, "/", rung.id, " has no build that counts operations");
  }
  if (!profile.run.passed || !profile.findings.empty()) {
    return "operations are counted once the result is right and no mistake is found";
  }
  const RungRun run = run_on(stream, *build);
  for (Check check : run.checks) {
    if (!check.passed()) {
      check.key = "counting_operations_" + check.key;
      profile.run.checks.push_back(check);
      profile.run.passed = false;
    }
  }
  if (!run.passed) {
    return "the build that counts operations gives a wrong result";
  }
  require(add_operations(profile.launches, stream.launches()), rung.op, "/", rung.id,
          ": two builds of it launched different grids, so that operations belong to no launch");
  return "";
}

}  // namespace

RungProfile profile_rung(const Op& op, const RungBuild& build, const ParamSet& problem, const ParamSet& tiles,
                         const HostArrays& inputs, const Judged& judged, const RunOptions& options,
                         const Progress& progress, const counted::TraceWish& wish, CountFlops count_flops) {
  RunOptions once = options;
  once.timed = false;
  const RunOn run_on = [&](Stream& stream, const RungBuild& one) {
    stream.set_order(options.order);
    return run_rung_on(stream, op, one, Backend::simulated, problem, tiles, inputs, judged, once, progress);
  };
  counted::Options how;
  how.workers = options.workers;
  how.trace = wish;
  counted::CountedStream stream(progress, how);
  RungProfile profile;
  profile.run = run_on(stream, build);
  profile.launches.assign(stream.profiles().begin(), stream.profiles().end());
  profile.findings = stream.findings();
  profile.trace = stream.trace();
  if (count_flops == CountFlops::yes) {
    counted::FlopStream flops(progress, options.workers);
    profile.flops_unavailable = count_operations(profile, flops, run_on);
  }
  return profile;
}

}  // namespace alab
