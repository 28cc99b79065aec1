// SPDX-License-Identifier: MIT
#include "kernels/profile_wire.hpp"

#include "kernels/profile_archive.hpp"
#include "kernels/sound_profile.hpp"

namespace alab {

// Bindings and not member names, so that a member that is added and not sent does not compile.
template <class Archive>
void exchange(Archive& archive, Provenance& x) {
  auto& [kind, source] = x;
  archive(kind, source);
}
template <class Archive>
void exchange(Archive& archive, Check& x) {
  auto& [key, label, value, low, high, provenance, lamp, detail] = x;
  archive(key, label, value, low, high, provenance, lamp, detail);
}
template <class Archive>
void exchange(Archive& archive, Judged& x) {
  auto& [truth, plain] = x;
  archive(truth, plain);
}
// Without the rung, which the parent has, and without times, which no profile has.
template <class Archive>
void exchange(Archive& archive, RungRun& x) {
  auto& [rung, backend, unsupported, checks, passed, seconds, spread, repeats, scratch, provenance, outputs] =
      x;
  archive(unsupported, checks, passed, scratch, provenance, outputs);
}
template <class Archive>
void exchange(Archive& archive, RungRequest& x) {
  auto& [op, rung, problem, tiles, counted, options, inputs, judged, wish, flops] = x;
  archive(op, rung, problem, tiles, counted, options, inputs, judged, wish, flops);
}
template <class Archive>
void exchange(Archive& archive, RungProfile& x) {
  auto& [run, launches, findings, trace, flops_unavailable] = x;
  archive(run, launches, findings, trace, flops_unavailable);
}

namespace {

void require_sound(const RungRun& run) {
  require_known(run.time_provenance.kind, Provenance::paper, "provenance");
  for (const Check& check : run.checks) {
    require_known(check.provenance.kind, Provenance::paper, "provenance");
  }
}

const RungBuild& build_named(const RungRequest& request) {
  for (const RungBuild* build : request.counted ? counted_rungs() : executor_rungs()) {
    if (build->rung->op == request.op && build->rung->id == request.rung) {
      return *build;
    }
  }
  throw Error(
      text("the worker program has no rung ", request.op, "/", request.rung, ": build all programs again"));
}

}  // namespace

std::vector<std::byte> bytes_of(const RungRequest& request) {
  return wire::packed(request);
}
std::vector<std::byte> bytes_of(const RungProfile& profile) {
  return wire::packed(profile);
}
RungRequest rung_request_from(std::span<const std::byte> bytes) {
  return wire::unpacked<RungRequest>(bytes);
}
RungProfile rung_profile_from(std::span<const std::byte> bytes) {
  RungProfile profile = wire::unpacked<RungProfile>(bytes);
  require_sound(profile.run);
  require_sound(profile.findings);
  for (const counted::LaunchProfile& launch : profile.launches) {
    require_sound(launch);
  }
  require_sound(profile.trace, profile.launches.size());
  return profile;
}

child::Bytes answer_rung(std::span<const std::byte> request) {
  const RungRequest r = rung_request_from(request);
  const RungBuild& build = build_named(r);
  const Op* op = find_op(r.op);
  require(op != nullptr, "the worker program has no op ", r.op, ": build all programs again");
  ParamSet problem(op->params), tiles(build.rung->tiles);
  problem.assign(r.problem);
  tiles.assign(r.tiles);
  if (r.counted) {
    return bytes_of(
        profile_rung(*op, build, problem, tiles, r.inputs, r.judged, r.options, {}, r.wish, r.flops));
  }
  RungProfile plain;
  plain.run = run_rung(*op, build, Backend::simulated, problem, tiles, r.inputs, r.judged, r.options, {});
  return bytes_of(plain);
}

}  // namespace alab
