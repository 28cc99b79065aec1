// SPDX-License-Identifier: MIT
#include "kernels/student/gpu_timing.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "kernels/bench.hpp"
#include "reference/core/error.hpp"

namespace alab::student {
namespace {

constexpr int kRepeats = 20;
constexpr std::int64_t kMostElements = std::int64_t{1} << 22;
constexpr double kTokens = 1024, kWidth = 64, kHeads = 4, kLong = 1 << 20;

struct Goal {
  std::string_view key;
  double value;
};
constexpr std::array<Goal, 12> kGoals{{{"heads", kHeads},
                                       {"d", kWidth},
                                       {"dk", kWidth},
                                       {"dv", kWidth},
                                       {"m", kWidth},
                                       {"D", kWidth},
                                       {"tmax", kTokens},
                                       {"t", kTokens},
                                       {"rows", kTokens},
                                       {"cols", kTokens},
                                       {"n", kLong},
                                       {"N", kTokens}}};

/// Which numbers of an exercise an op's parameter is, the first that there is.
struct Alias {
  std::string_view param;
  std::array<std::string_view, 3> keys;
};
constexpr std::array<Alias, 14> kAliases{{{"seq_len", {"N", "", ""}},
                                          {"key_len", {"N", "", ""}},
                                          {"head_dim", {"d", "dk", "m"}},
                                          {"head_dim_v", {"dv", "d", ""}},
                                          {"heads", {"heads", "", ""}},
                                          {"features", {"m", "D", ""}},
                                          {"context", {"t", "", ""}},
                                          {"capacity", {"tmax", "", ""}},
                                          {"rows", {"rows", "", ""}},
                                          {"cols", {"cols", "", ""}},
                                          {"top_k", {"K", "", ""}},
                                          {"causal", {"causal", "", ""}},
                                          {"scale", {"scale", "", ""}},
                                          {"eps", {"eps", "", ""}}}};

bool has(const ParamSet& set, std::string_view key) {
  return set.find(key) != nullptr;
}

std::int64_t elements_of(const Exercise& exercise, const ParamSet& shape) {
  std::int64_t all = 0;
  for (const BufferSpec& spec : exercise.buffers(shape)) {
    all += element_count(spec.shape);
  }
  return all;
}

/// The visible values check's shape with the most elements: its other numbers suit the exercise.
ParamSet largest_shape(const Exercise& exercise, const Manifest& manifest) {
  ParamSet best(exercise.params);
  std::int64_t most = 0;
  for (const CheckSpec& check : manifest.checks) {
    for (const ParamSet& shape : check.shapes) {
      const std::int64_t all = elements_of(exercise, shape);
      if (check.kind == CheckKind::values && check.visibility == Visibility::visible && all > most &&
          (!has(shape, "alone") || shape.value("alone") == 0)) {
        most = all;
        best = shape;
      }
    }
  }
  return best;
}

/// Halves the length until the arrays are small enough.
void shorten(const Exercise& exercise, ParamSet& shape) {
  for (const std::string_view key : {"N", "n", "rows", "t"}) {
    while (has(shape, key) && shape.value(key) >= 2 && elements_of(exercise, shape) > kMostElements) {
      shape.set(key, std::floor(shape.value(key) / 2));
    }
  }
}

/// The fastest rung of the op at the same size, by the same events.
void add_rung(GpuTiming& timing, const Exercise& exercise, const ParamSet& shape, const Progress& progress) {
  if (exercise.op.empty()) {
    timing.rung_note = "no ladder computes the same";
    return;
  }
  if (!cuda_device().usable || cuda_rungs().empty()) {
    timing.rung_note = cuda_device().unavailable;
    return;
  }
  try {
    const Op* const op = find_op(exercise.op);
    require(op != nullptr, "there is no op ", exercise.op);
    BenchOptions options;
    options.backends = {Backend::cuda};
    options.repeats = kRepeats;
    const auto source = std::find_if(synthetic_inputs().begin(), synthetic_inputs().end(),
                                     [](const InputSource& s) { return s.name == "normal"; });
    require(source != synthetic_inputs().end(), "there are no normal inputs");
    for (const BenchRow& row : bench(*op, problem_of(exercise, shape), *source, options, progress)) {
      if (row.timed() && (timing.rung.empty() || row.seconds < timing.rung_seconds)) {
        timing.rung = text(row.op, "/", row.rung);
        timing.rung_seconds = row.seconds;
        timing.rung_spread = row.spread;
      }
    }
    timing.rung_note = timing.rung.empty() ? text("no rung of ", exercise.op, " takes this size") : "";
  } catch (const Error& error) {
    timing.rung_note = text("no rung of ", exercise.op, " was timed: ", error.what());
  }
}

}  // namespace

ParamSet timing_shape(const Exercise& exercise, const Manifest& manifest) {
  ParamSet shape = largest_shape(exercise, manifest);
  for (const Goal& goal : kGoals) {
    if (const Param* const param = shape.find(goal.key)) {
      shape.set(goal.key, std::clamp(goal.value, param->min, param->max));
    }
  }
  shorten(exercise, shape);
  return shape;
}

ParamSet problem_of(const Exercise& exercise, const ParamSet& shape) {
  const Op* const op = find_op(exercise.op);
  require(op != nullptr, "there is no op '", exercise.op, "'");
  ParamSet problem(op->params);
  for (const Alias& alias : kAliases) {
    const auto key = std::find_if(alias.keys.begin(), alias.keys.end(),
                                  [&](std::string_view k) { return !k.empty() && has(shape, k); });
    if (has(problem, alias.param) && key != alias.keys.end()) {
      problem.set(alias.param, shape.value(*key));
    } else if (has(problem, "heads") && alias.param == "heads") {
      problem.set("heads", 1);
    }
  }
  if (has(problem, "feature_map")) {  // the exercises are given features
    problem.set("feature_map", 0);
    problem.set("normalize", has(shape, "eps") ? 1 : 0);
  }
  if (has(shape, "n") && has(problem, "head_dim")) {  // an array without rows
    problem.set("head_dim", kWidth);
    problem.set("heads", 16);
    problem.set("seq_len", shape.value("n") / (16 * kWidth));
  }
  return problem;
}

GpuTiming time_on_gpu(const Exercise& exercise, const Manifest& manifest, const Program& program,
                      const StudentLimits& limits, const Progress& progress) {
  GpuTiming timing;
  try {
    const ParamSet shape = timing_shape(exercise, manifest);
    timing.shape = shape.describe();
    const HostArrays inputs = exercise.inputs(shape, "random", 1);
    const Spread spread = median_and_spread(
        times_on_gpu(exercise, program, {{shape, "random", 1}, &inputs}, kRepeats, limits, progress));
    timing.seconds = spread.median;
    timing.spread = spread.half_iqr;
    timing.repeats = kRepeats;
    add_rung(timing, exercise, shape, progress);
  } catch (const Error& error) {
    timing.problem = error.what();
  }
  return timing;
}

}  // namespace alab::student
