// The families of CPU forms and their stopwatch. A time is taken only after a passed check.
// SPDX-License-Identifier: MIT
#include "reference/cpu_forms.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>

#include "reference/core/compare.hpp"
#include "reference/core/rng.hpp"
#include "reference/feature_maps.hpp"
#include "reference/gated_linear_attention.hpp"
#include "reference/linear_attention.hpp"
#include "reference/softmax_attention.hpp"

namespace alab {

namespace {

constexpr double kTolerance = 5e-6;  // T32: same mathematics, other order of summation
constexpr int kLeastRuns = 5, kMostRuns = 10000;

Tensor<float> drawn(Shape shape, Rng& rng) {
  Tensor<float> out(std::move(shape));
  for (float& value : out.span()) {
    value = static_cast<float>(rng.normal());
  }
  return out;
}

CpuProblem normal_problem(const CpuBenchOptions& o) {
  Rng rng(o.seed);
  const Shape shape{o.heads, o.seq_len, o.head_dim};
  CpuProblem p{drawn(shape, rng), {}, {}, {}, o.causal};
  p.k = drawn(shape, rng);
  p.v = drawn(shape, rng);
  return p;
}

CpuProblem feature_problem(const CpuBenchOptions& o) {
  CpuProblem p = normal_problem(o);
  p.q = apply_feature_map({.kind = FeatureKind::elu1}, p.q, Role::query);
  p.k = apply_feature_map({.kind = FeatureKind::elu1}, p.k, Role::key);
  return p;
}

CpuProblem gated_problem(const CpuBenchOptions& o) {
  CpuProblem p = normal_problem(o);
  p.log_decay = uniform_log_decay<float>(p.q.shape(), 0.95, 0.999, o.seed + 1);
  return p;
}

Tensor<double> softmax_truth(const CpuProblem& p, int threads, const Progress& progress) {
  return blocked_softmax_attention(p.q.cast<double>(), p.k.cast<double>(), p.v.cast<double>(),
                                   {.causal = p.causal}, threads, progress)
      .output;
}

Tensor<double> linear_truth(const CpuProblem& p, int, const Progress& progress) {
  return linear_attention_recurrent<double>({p.q.cast<double>(), p.k.cast<double>(), p.v.cast<double>()},
                                            {.causal = p.causal}, progress)
      .output;
}

Tensor<double> gated_truth(const CpuProblem& p, int, const Progress& progress) {
  return gated_linear_attention_recurrent<double>(
             {p.q.cast<double>(), p.k.cast<double>(), p.v.cast<double>(), p.log_decay.cast<double>()}, {},
             progress)
      .output;
}

double softmax_work(const CpuBenchOptions& o) {
  const double d = static_cast<double>(o.head_dim);
  return static_cast<double>(o.heads) * softmax_flops(static_cast<double>(o.seq_len), d, d, o.causal);
}

double linear_work(const CpuBenchOptions& o) {
  const double d = static_cast<double>(o.head_dim);
  return static_cast<double>(o.heads) * linear_flops(static_cast<double>(o.seq_len), d, d);
}

std::span<const CpuFamily> families() {
  static const std::array all{
      CpuFamily{"attention_cpu", "softmax attention on this CPU, f32", softmax_cpu_forms(), normal_problem,
                softmax_truth, softmax_work, "4 H N^2 d, half of it when causal"},
      CpuFamily{"linear_cpu", "linear attention of elu + 1 features on this CPU, f32", linear_cpu_forms(),
                feature_problem, linear_truth, linear_work, "4 H N d^2, whatever the form does"},
      CpuFamily{"gla_cpu", "gated linear attention on this CPU, f32, always causal", gated_cpu_forms(),
                gated_problem, gated_truth, linear_work, "4 H N d^2, whatever the form does"}};
  return all;
}

double percentile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

void check_options(const CpuBenchOptions& o) {
  require(o.heads >= 1 && o.seq_len >= 1 && o.head_dim >= 1, "a problem of ", o.heads, " heads, ", o.seq_len,
          " tokens and head_dim ", o.head_dim, " is empty: each is at least 1");
  require(o.threads >= 0 && o.threads <= 256, "threads = ", o.threads,
          " is out of range: 1 .. 256, or 0 for all of this machine");
  require(o.seconds >= 0 && o.seconds <= 600, "timing for ", o.seconds, " s is out of range: 0 .. 600");
}

}  // namespace

std::span<const CpuFamily> cpu_families() {
  return families();
}

const CpuFamily* find_cpu_family(std::string_view name) {
  const std::span<const CpuFamily> all = cpu_families();
  const auto found = std::find_if(all.begin(), all.end(), [&](const CpuFamily& f) { return f.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const CpuForm* find_cpu_form(const CpuFamily& family, std::string_view name) {
  const auto found = std::find_if(family.forms.begin(), family.forms.end(),
                                  [&](const CpuForm& form) { return form.name == name; });
  return found == family.forms.end() ? nullptr : &*found;
}

CpuTiming time_cpu_form(const CpuFamily& family, const CpuForm& form, const CpuBenchOptions& o,
                        const Progress& progress) {
  check_options(o);
  const CpuProblem problem = family.problem(o);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  CpuTiming timing{.form = std::string(form.name),
                   .problem = o,
                   .tolerance = kTolerance,
                   .median_s = nan,
                   .low_s = nan,
                   .high_s = nan,
                   .gflops = nan};

  const Tensor<double> truth = family.truth(problem, o.threads, progress.part(0, 0.3));
  const Difference d =
      difference<float>(form.run(problem, o.threads, progress.part(0.3, 0.4)).span(), truth.span());
  timing.rel_l2 = d.rel_l2;
  timing.max_abs = d.max_abs;
  timing.passed = d.comparable && d.rel_l2 <= kTolerance;
  if (!timing.passed) {
    return timing;
  }

  using Clock = std::chrono::steady_clock;
  std::vector<double> seconds;
  const Clock::time_point start = Clock::now();
  while (static_cast<int>(seconds.size()) < kLeastRuns ||
         (std::chrono::duration<double>(Clock::now() - start).count() < o.seconds &&
          static_cast<int>(seconds.size()) < kMostRuns)) {
    progress.step(0.5, "timing");
    const Clock::time_point before = Clock::now();
    form.run(problem, o.threads, Progress{progress.stop, {}});
    seconds.push_back(std::chrono::duration<double>(Clock::now() - before).count());
  }
  std::sort(seconds.begin(), seconds.end());
  timing.runs = static_cast<int>(seconds.size());
  timing.median_s = percentile(seconds, 0.5);
  timing.low_s = percentile(seconds, 0.1);
  timing.high_s = percentile(seconds, 0.9);
  timing.gflops = family.flops(o) / timing.median_s / 1e9;
  return timing;
}

}  // namespace alab
