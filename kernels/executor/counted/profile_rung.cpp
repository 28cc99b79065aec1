// SPDX-License-Identifier: MIT
#include "kernels/profile_rung.hpp"

#include "kernels/executor/counted/counted_stream.hpp"

namespace alab {

RungProfile profile_rung(const Op& op, const RungBuild& build, const ParamSet& problem, const ParamSet& tiles,
                         const HostArrays& inputs, const Judged& judged, const RunOptions& options,
                         const Progress& progress, const counted::TraceWish& wish) {
  counted::Options how;
  how.workers = options.workers;
  how.trace = wish;
  counted::CountedStream stream(progress, how);
  stream.set_order(options.order);
  RunOptions once = options;
  once.timed = false;
  RungProfile profile;
  profile.run =
      run_rung_on(stream, op, build, Backend::simulated, problem, tiles, inputs, judged, once, progress);
  profile.launches.assign(stream.profiles().begin(), stream.profiles().end());
  profile.findings = stream.findings();
  profile.trace = stream.trace();
  return profile;
}

}  // namespace alab
