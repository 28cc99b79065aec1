// SPDX-License-Identifier: MIT
#include "kernels/student/gpu_judge.hpp"

#include <algorithm>
#include <chrono>
#include <future>
#include <map>

#include "kernels/student/gpu_case.hpp"
#include "kernels/student/gpu_program.hpp"
#include "kernels/student/gpu_sanitizer.hpp"
#include "kernels/student/gpu_timing.hpp"
#include "kernels/student/plan.hpp"
#include "reference/core/error.hpp"

namespace alab::student {
namespace {

constexpr int kOrdersOfExecutor = static_cast<int>(kOrders.size());
constexpr std::int64_t kMostSanitized = std::int64_t{1} << 20;  // elements of a case that tools watch

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::string version_text(int number) {
  return text(number / 1000, ".", number % 1000 / 10);
}

/// The checks that can be judged on a GPU.
Manifest on_gpu(Manifest manifest) {
  std::erase_if(manifest.checks,
                [](const CheckSpec& c) { return c.kind != CheckKind::values && c.kind != CheckKind::clean; });
  return manifest;
}

std::string key_of(const Case& c) {
  return text(c.shape.describe(), "\n", c.input, "\n", c.seed);
}

std::int64_t elements_of(const Exercise& exercise, const ParamSet& shape) {
  std::int64_t all = 0;
  for (const BufferSpec& spec : exercise.buffers(shape)) {
    all += element_count(spec.shape);
  }
  return all;
}

bool is_visible(const Plan& plan, std::size_t input) {
  return std::any_of(plan.checks.begin(), plan.checks.end(), [&](const PlannedCheck& c) {
    return c.spec->kind == CheckKind::values && c.spec->visibility == Visibility::visible &&
           std::binary_search(c.inputs.begin(), c.inputs.end(), input);
  });
}

/// Runs of all cases of a plan, of which a GPU has one where the executor has three.
class Runs {
 public:
  Runs(const Exercise& exercise, const Program& program, Plan& plan, const StudentLimits& limits,
       const Progress& progress) {
    for (std::size_t i = 0; i < plan.inputs.size(); ++i) {
      cases_.push_back({plan.case_of(i * kOrders.size()), &plan.inputs[i]->inputs(exercise)});
    }
    std::vector<CaseRun> runs = run_cases_on_gpu(exercise, program, cases_, limits, progress);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      runs_.emplace(key_of(cases_[i].what), std::move(runs[i]));
    }
  }
  const CaseRun& of(const Case& c) const { return runs_.at(key_of(c)); }

  /// The largest case of a visible check that is not too large for tools that watch each access; nullptr:
  /// none.
  const GpuCase* to_sanitize(const Exercise& exercise, const Plan& plan) const {
    const GpuCase* best = nullptr;
    std::int64_t most = 0;
    for (std::size_t i = 0; i < cases_.size(); ++i) {
      const std::int64_t all = elements_of(exercise, cases_[i].what.shape);
      if (is_visible(plan, i) && !needs_executor(of(cases_[i].what)) && all > most && all <= kMostSanitized) {
        most = all;
        best = &cases_[i];
      }
    }
    return best;
  }
  bool all_left_to_executor(const Plan& plan, const std::string& check) const {
    const auto at = std::find_if(plan.checks.begin(), plan.checks.end(),
                                 [&](const PlannedCheck& c) { return c.spec->id == check; });
    return std::all_of(at->inputs.begin(), at->inputs.end(),
                       [&](std::size_t i) { return needs_executor(of(cases_[i].what)); });
  }
  static bool needs_executor(const CaseRun& run) {
    return run.verdict.end == child::ChildEnd::failed &&
           run.verdict.sentence.find(kNeedsExecutor) != std::string::npos;
  }

 private:
  std::vector<GpuCase> cases_;
  std::map<std::string, CaseRun> runs_;
};

/// The part of a verdict that a GPU gives.
struct Half {
  Program program;
  std::vector<CheckVerdict> checks;
  SanitizerReport sanitizer;
  double seconds = 0;
};

/// Of three equal runs one.
void name_one_order(CheckVerdict& v) {
  for (int* const count : {&v.runs, &v.failed_runs, &v.skipped_runs}) {
    *count = (*count + kOrdersOfExecutor - 1) / kOrdersOfExecutor;
  }
  if (v.first_failure) {
    v.first_failure->order = "the GPU's";
  }
  if (v.error_map) {
    v.error_map->at.order = "the GPU's";
  }
}

std::vector<CheckVerdict> judged(const Exercise& exercise, const Manifest& manifest, std::string_view source,
                                 const Runs& runs, const StudentLimits& limits, const JudgeOptions& options,
                                 const Progress& progress) {
  KnownMistakes own;
  KnownMistakes& known = options.known != nullptr ? *options.known : own;
  CaseRunner runner;
  runner.run = [&](const Case& c, const HostArrays& inputs, const Progress& inner) {
    const CaseRun& run = runs.of(c);
    if (!Runs::needs_executor(run)) {
      return run;
    }
    return run_case(exercise, compile(exercise, source, limits, inner), c, inputs, limits, inner);
  };
  runner.mistake = [&](std::string_view file, const Case& c, const HostArrays& inputs,
                       const Progress& inner) { return known.outputs(exercise, file, c, inputs, inner); };
  std::vector<CheckVerdict> checks = judge_cases(exercise, manifest, runner, options, progress);
  std::for_each(checks.begin(), checks.end(), name_one_order);
  return checks;
}

Half half_of(const Exercise& exercise, const Manifest& whole, std::string_view source,
             const StudentLimits& limits, JudgeOptions options, const GpuOptions& gpu,
             const Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  Half half;
  half.program = compile_for_gpu(exercise, source, gpu_device().sm, limits, progress);
  if (half.program.file.empty()) {
    half.seconds = seconds_since(start);
    return half;
  }
  const Manifest manifest = on_gpu(whole);
  options.fast_math = uses_fast_math(source);
  options.first_failure = false;  // all is run at once
  Plan plan = plan_of(exercise, manifest, options);
  const Runs runs(exercise, half.program, plan, limits, progress);
  std::future<SanitizerReport> sanitizer;
  if (const GpuCase* const c = gpu.sanitizer ? runs.to_sanitize(exercise, plan) : nullptr) {
    sanitizer =
        std::async(std::launch::async, [&, c] { return sanitize(exercise, half.program, *c, progress); });
  }
  half.checks = judged(exercise, manifest, source, runs, limits, options, progress);
  std::erase_if(half.checks, [&](const CheckVerdict& c) { return runs.all_left_to_executor(plan, c.id); });
  half.sanitizer =
      sanitizer.valid() ? sanitizer.get() : SanitizerReport{{}, "compute-sanitizer was left out"};
  half.seconds = seconds_since(start);
  return half;
}

/// What compute-sanitizer found belongs to the clean check.
void add_findings(CheckVerdict& v, const SanitizerReport& report, std::string_view device) {
  if (v.kind != to_string(CheckKind::clean) || report.findings.empty()) {
    return;
  }
  const bool told = v.rule == "finding" && !v.findings.empty();  // the first is the check's sentence
  v.findings.insert(v.findings.begin() + (told ? 1 : 0), report.findings.begin(), report.findings.end());
  if (v.status == Status::failed) {
    return;
  }
  const counted::Finding& first = report.findings.front();
  v.status = Status::failed;
  v.earned = 0;
  v.rule = "finding";
  v.sentence = text("on ", device, " alone: ", in_words(first.mistake), ": ", first.sentence);
  v.failed_runs = 1;
}

void fail_to_compile(Verdict& v, const Program& program) {
  v.diagnostics.insert(v.diagnostics.end(), program.diagnostics.begin(), program.diagnostics.end());
  v.compiled = false;
  v.refused = program.refused;
  for (CheckVerdict& c : v.checks) {
    CheckVerdict fresh;
    fresh.id = c.id;
    fresh.title = c.title;
    fresh.kind = c.kind;
    fresh.visibility = c.visibility;
    fresh.criterion = c.criterion;
    fresh.points = c.points;
    c = std::move(fresh);
  }
}

GpuReport report_of(const Half& half) {
  GpuReport report;
  report.device =
      text(gpu_device().name, ", CUDA ", version_text(gpu_device().driver), ", nvcc ", nvcc().version);
  report.judged =
      "values, guard zones and inputs are judged on both, on the GPU in the one order that it has; counts, "
      "growth, "
      "races and barriers on the executor";
  report.sanitizer = half.sanitizer.sentence;
  report.compile_seconds = half.program.seconds;
  report.seconds = half.seconds;
  return report;
}

const CheckVerdict* named(const std::vector<CheckVerdict>& checks, const std::string& id) {
  const auto at =
      std::find_if(checks.begin(), checks.end(), [&](const CheckVerdict& c) { return c.id == id; });
  return at == checks.end() ? nullptr : &*at;
}

}  // namespace

CheckVerdict merged(CheckVerdict executor, const CheckVerdict* gpu, std::string_view device) {
  if (gpu == nullptr) {
    executor.judged_on = "executor";
    return executor;
  }
  CheckVerdict out = std::move(executor);
  const bool here = out.status == Status::passed, there = gpu->status == Status::passed;
  if (here && !there) {
    out = *gpu;
    out.sentence = text("right on the executor, not on ", device, ": ", out.sentence);
  } else if (!here && there) {
    out.sentence += text(" (on the executor; on ", device, " the check passes)");
  }
  out.judged_on = text(device, ", executor");
  return out;
}

Verdict judge_on_gpu(const Exercise& exercise, const Manifest& manifest, std::string_view source,
                     const StudentLimits& limits, const JudgeOptions& options, const GpuOptions& gpu,
                     const Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  const GpuDevice& device = gpu_device();
  require(device.unavailable.empty(), device.unavailable);
  require(nvcc().unavailable.empty(), nvcc().unavailable);
  const Progress silent{progress.stop, nullptr};
  std::future<Half> other = std::async(
      std::launch::async, [&] { return half_of(exercise, manifest, source, limits, options, gpu, silent); });
  Verdict v = judge_source(exercise, manifest, source, limits, options, progress);
  progress.step(1, "on the GPU");
  const Half half = other.get();
  v.backend = "cuda";
  v.gpu = report_of(half);
  if (!v.compiled || !v.refused.empty()) {
    v.seconds = seconds_since(start);
    return v;
  }
  if (half.program.file.empty()) {
    fail_to_compile(v, half.program);
    v.seconds = seconds_since(start);
    return v;
  }
  for (CheckVerdict& c : v.checks) {
    c = merged(std::move(c), named(half.checks, c.id), device.name);
    add_findings(c, half.sanitizer, device.name);
  }
  if (v.passed() && gpu.timing) {
    v.gpu->timing = time_on_gpu(exercise, manifest, half.program, limits, progress);
  }
  v.seconds = seconds_since(start);
  return v;
}

}  // namespace alab::student
