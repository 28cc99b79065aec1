// SPDX-License-Identifier: MIT
#include "kernels/profile_in_child.hpp"

#include <algorithm>

#include "kernels/judge_outputs.hpp"
#include "kernels/profile_wire.hpp"

namespace alab {
namespace {

using child::ChildEnd;
using child::ChildVerdict;

bool is_counted(const RungBuild& build) {
  const auto counted = counted_rungs();
  return std::find(counted.begin(), counted.end(), &build) != counted.end();
}

const Check* find_check(const RungRun& run, std::string_view key) {
  const auto at =
      std::find_if(run.checks.begin(), run.checks.end(), [&](const Check& c) { return c.key == key; });
  return at == run.checks.end() ? nullptr : &*at;
}

void require_outputs(const Op& op, const ParamSet& problem, const HostArrays& outputs) {
  for (const BufferSpec& spec : op.buffers(problem)) {
    if (spec.role == BufferRole::output) {
      const auto f32 = outputs.f32.find(spec.name);
      const auto i32 = outputs.i32.find(spec.name);
      const bool there = spec.type == ElementType::f32
                             ? f32 != outputs.f32.end() && f32->second.shape() == spec.shape
                             : i32 != outputs.i32.end() && i32->second.shape() == spec.shape;
      require(there, "the answer has no output '", spec.name, "' of shape ", to_string(spec.shape));
    }
  }
}

// The child's verdict on its outputs is put aside and made anew; what only the child saw is its word.
void judge_again(RungRun& run, const Op& op, const ParamSet& problem, const Judged& judged) {
  run.passed = false;
  if (!run.unsupported.empty()) {
    run.checks.clear();
    return;
  }
  if (const Check* const runs = find_check(run, "runs"); runs != nullptr && !runs->passed()) {
    run.checks = {Check(*runs)};
    run.outputs = {};
    return;
  }
  for (const std::string_view key : {"guards", "inputs"}) {
    require(find_check(run, key) != nullptr, "the answer has no check '", key, "'");
  }
  require_outputs(op, problem, run.outputs);
  std::vector<Check> checks = judge_outputs(op, problem, run.outputs, judged, run.time_provenance);
  for (Check& check : run.checks) {
    if (std::none_of(checks.begin(), checks.end(), [&](const Check& own) { return own.key == check.key; })) {
      checks.push_back(std::move(check));
    }
  }
  run.checks = std::move(checks);
  run.passed = std::all_of(run.checks.begin(), run.checks.end(), [](const Check& c) { return c.passed(); });
}

RungProfile profile_of_early_end(const ChildVerdict& verdict) {
  RungProfile profile;
  RungRun& run = profile.run;
  run.time_provenance = {Provenance::measured, "CPU executor in a process of its own (not a GPU time)"};
  run.checks = {check_exactly("runs", "the kernel runs to its end", 0, 1, run.time_provenance)};
  run.checks.front().detail = verdict.sentence;
  counted::Finding finding;
  finding.mistake = verdict.end == ChildEnd::wall_time || verdict.end == ChildEnd::cpu_time
                        ? counted::Mistake::too_long
                        : counted::Mistake::other;
  finding.sentence = verdict.sentence;
  finding.line = verdict.line;
  profile.findings = {finding};
  return profile;
}

}  // namespace

child::ChildLimits profile_limits() {
  child::ChildLimits limits;
  limits.wall_seconds = 600;
  limits.cpu_seconds = 3600;
  limits.memory_bytes = std::size_t{8} << 30;
  return limits;
}

ContainedProfile profile_rung_in_child(const Op& op, const RungBuild& build, const ParamSet& problem,
                                       const ParamSet& tiles, const HostArrays& inputs, const Judged& judged,
                                       const RunOptions& options, const child::ChildLimits& limits,
                                       const Progress& progress, const counted::TraceWish& wish,
                                       CountFlops flops) {
  require(wish.most_values == 0, "values that a kernel shows by watch() come from profile_rung alone");
  const RungRequest request{std::string(op.id),
                            std::string(build.rung->id),
                            problem.describe(),
                            tiles.describe(),
                            is_counted(build),
                            options,
                            inputs,
                            judged,
                            wish,
                            flops};
  ContainedProfile out;
  out.verdict = child::run(child::worker_program(), "rung", bytes_of(request), limits, progress);
  require(out.verdict.end != ChildEnd::did_not_start, out.verdict.sentence);
  if (out.verdict.end == ChildEnd::answered) {
    try {
      out.profile = rung_profile_from(out.verdict.answer);
      judge_again(out.profile.run, op, problem, judged);
    } catch (const Error& error) {
      out.verdict.end = ChildEnd::garbled;
      out.verdict.sentence =
          text("the kernel's process answered with bytes that are no result (", error.what(), ")");
    }
    out.verdict.answer.clear();
  }
  if (out.verdict.end != ChildEnd::answered) {
    out.profile = profile_of_early_end(out.verdict);
  }
  out.profile.run.rung = build.rung;
  return out;
}

}  // namespace alab
